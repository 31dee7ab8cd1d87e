import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mcpName, npmPackageName } from '../../../shared/src/packageNames.js';
import { npm } from '../../test/harness/npm.js';
import { type Entry, grammars, model, programs, stage } from '../files.js';

/** The fields of package.json that the package on npm has too. */
interface Fields {
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly engines: { readonly node: string };
  readonly keywords: readonly string[];
  readonly repository?: unknown;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** What the bundles load at run time, as `external` in esbuild.mjs; the rest of the dependencies is inside them. */
const external = ['libsql', 'onnxruntime-node'] as const;

/** The declarations of the library's entries. */
const declarations = ['api', 'mochaHooks'] as const;

/** Everything that may be in the package, besides the package.json that is made for it. */
const allowed: readonly RegExp[] = [
  /^(package\.json|README\.md|LICENSE|NOTICE)$/,
  /^dist\/(lantern|daemon|api|mochaHooks|chromaMain|graphWorker|scanWorker|writeWorker|[\w]+-[A-Z0-9]{8})\.js$/,
  /^dist\/(api|mochaHooks)\.d\.ts$/,
  /^dist\/grammars\/(web-tree-sitter\.wasm|[\w-]+\.(wasm\.br|scm))$/,
  /^models\/README\.md$/,
  /^models\/all-MiniLM-L6-v2\/(config|golden|special_tokens_map|tokenizer|tokenizer_config)\.json$/,
  /^models\/all-MiniLM-L6-v2\/onnx\/model_int8\.onnx$/,
];

/** Every file of the package on npm, from a built and compiled checkout. */
export async function npmContents(root: string): Promise<Entry[]> {
  const entries = [
    ...(await programs(root, /^[\w-]+\.js$/)),
    ...(await grammars(root)),
    // One package serves all platforms. fp32, which only CoreML uses, would be two thirds of it.
    ...(await model(root, ['model_int8.onnx'])),
  ];
  for (const name of declarations) {
    const bytes = await readFile(join(root, 'out', 'server', 'src', `${name}.d.ts`));
    entries.push({ path: `dist/${name}.d.ts`, bytes });
  }
  for (const [path, from] of [
    ['README.md', 'server/README.md'],
    ['LICENSE', 'LICENSE'],
    ['NOTICE', 'NOTICE'],
  ] as const) {
    entries.push({ path, bytes: await readFile(join(root, from)) });
  }
  const fields = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Fields;
  entries.push({
    path: 'package.json',
    bytes: Buffer.from(`${JSON.stringify(npmManifest(fields), undefined, 2)}\n`),
  });
  const foreign = entries.filter(({ path }) => !allowed.some((pattern) => pattern.test(path)));
  if (foreign.length > 0) {
    throw new Error(`Not on the allow-list of the package: ${foreign.map(({ path }) => path).join(', ')}`);
  }
  return entries;
}

/** package.json of the package on npm. It has no scripts, so it installs the same with and without them. */
export function npmManifest(fields: Fields): object {
  const { version, description, license, engines, keywords, repository, dependencies } = fields;
  const entry = (name: (typeof declarations)[number]): object => ({
    types: `./dist/${name}.d.ts`,
    default: `./dist/${name}.js`,
  });
  return {
    name: npmPackageName,
    version,
    // The MCP registry looks for it to see whose package this is.
    mcpName,
    description,
    license,
    keywords,
    ...(repository === undefined ? {} : { repository }),
    type: 'module',
    engines: { node: engines.node },
    bin: { lantern: 'dist/lantern.js' },
    exports: { '.': entry('api'), './mocha': entry('mochaHooks'), './package.json': './package.json' },
    files: ['dist', 'models', 'NOTICE'],
    // onnxruntime does not read weights inside Yarn's archives.
    preferUnplugged: true,
    dependencies: Object.fromEntries(external.map((name) => [name, dependencies[name]])),
    // One per platform, and none of them on others.
    optionalDependencies: fields.optionalDependencies,
  };
}

/** Stages the package in `folder` and packs it beside; returns the archive's path. */
export async function packNpm(folder: string, entries: readonly Entry[]): Promise<string> {
  await stage(folder, entries);
  const own = entries.find(({ path }) => path === 'package.json');
  const { name, version } = JSON.parse(own?.bytes.toString('utf8') ?? '{}') as Record<string, string>;
  await npm(folder, ['pack', '--ignore-scripts', '--pack-destination', '..']);
  return join(folder, '..', `${name}-${version}.tgz`);
}
