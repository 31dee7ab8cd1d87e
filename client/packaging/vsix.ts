import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import type { Entry } from './contents.js';
import type { Target } from './targets.js';

/** What the manifest of a VSIX has from package.json. */
interface PackageFields {
  readonly name: string;
  readonly version: string;
  readonly publisher: string;
  readonly displayName: string;
  readonly description: string;
  readonly license: string;
  readonly engines: { readonly vscode: string };
  readonly categories?: readonly string[];
  readonly keywords?: readonly string[];
  readonly extensionKind?: readonly string[];
}

/** A fixed date, so that the same files make the same archive. */
const fixedTime = new Date(2000, 0, 1);

/** Writes a VSIX, a zip of the extension's files and two manifests, completely or not at all. */
export async function writeVsix(file: string, entries: readonly Entry[], target: Target): Promise<void> {
  const own = entries.find(({ path }) => path === 'package.json');
  if (own === undefined) throw new Error('The extension has no package.json.');
  const fields = JSON.parse(own.bytes.toString('utf8')) as PackageFields;
  const zip = new ZipFile();
  const add = (path: string, bytes: Buffer): void =>
    zip.addBuffer(bytes, path, { mtime: fixedTime, mode: 0o100644 });
  add('extension.vsixmanifest', Buffer.from(vsixManifest(fields, entries, target)));
  add('[Content_Types].xml', Buffer.from(contentTypes(entries)));
  for (const { path, bytes } of entries) add(`extension/${path}`, bytes);
  zip.end();
  await mkdir(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.tmp`;
  try {
    await pipeline(zip.outputStream, createWriteStream(partial));
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/** The manifest for VS Code and its gallery. */
export function vsixManifest(fields: PackageFields, entries: readonly Entry[], target: Target): string {
  const assets: readonly (readonly [type: string, path: string])[] = [
    ['Microsoft.VisualStudio.Code.Manifest', 'package.json'],
    ['Microsoft.VisualStudio.Services.Content.Details', 'README.md'],
    ['Microsoft.VisualStudio.Services.Content.Changelog', 'CHANGELOG.md'],
    ['Microsoft.VisualStudio.Services.Content.License', 'LICENSE'],
  ];
  const there = new Set(entries.map(({ path }) => path));
  const properties: readonly (readonly [id: string, value: string])[] = [
    ['Microsoft.VisualStudio.Code.Engine', fields.engines.vscode],
    ['Microsoft.VisualStudio.Code.ExtensionKind', (fields.extensionKind ?? []).join(',')],
    ['Microsoft.VisualStudio.Code.ExecutesCode', 'true'],
  ];
  const list = (words: readonly string[] | undefined): string => xml((words ?? []).join(','));
  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${xml(fields.name)}" Version="${xml(fields.version)}" Publisher="${xml(fields.publisher)}" TargetPlatform="${target.name}"/>
    <DisplayName>${xml(fields.displayName)}</DisplayName>
    <Description xml:space="preserve">${xml(fields.description)}</Description>
    <Tags>${list(fields.keywords)}</Tags>
    <Categories>${list(fields.categories)}</Categories>
    <GalleryFlags>Public</GalleryFlags>
    <License>extension/LICENSE</License>
    <Properties>
${properties.map(([id, value]) => `      <Property Id="${id}" Value="${xml(value)}"/>`).join('\n')}
    </Properties>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code"/>
  </Installation>
  <Dependencies/>
  <Assets>
${assets
  .filter(([, path]) => there.has(path))
  .map(([type, path]) => `    <Asset Type="${type}" Path="extension/${path}" Addressable="true"/>`)
  .join('\n')}
  </Assets>
</PackageManifest>
`;
}

const knownTypes: Readonly<Record<string, string>> = {
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.js': 'application/javascript',
  '.cjs': 'application/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** The format requires a type for each extension; files without one are named. */
export function contentTypes(entries: readonly Entry[]): string {
  const endings = new Set(['.vsixmanifest', ...entries.map(({ path }) => extname(path))]);
  endings.delete('');
  const typeOf = (ending: string): string =>
    ending === '.vsixmanifest' ? 'text/xml' : (knownTypes[ending] ?? 'application/octet-stream');
  const defaults = [...endings]
    .sort()
    .map((ending) => `  <Default Extension="${ending}" ContentType="${typeOf(ending)}"/>`);
  const named = entries
    .filter(({ path }) => extname(path) === '')
    .map(({ path }) => `  <Override PartName="/extension/${xml(path)}" ContentType="text/plain"/>`);
  return `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
${[...defaults, ...named].join('\n')}
</Types>
`;
}

function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Path of the VSIX of this version. */
export async function vsixPath(root: string, target: Target): Promise<string> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as PackageFields;
  return join(root, 'dist-vsix', `lantern-${target.name}-${version}.vsix`);
}
