import type { Definition } from '../definitions.js';
import { type Lines, blanked } from '../lines.js';
import type { Span } from '../outline.js';

/** Languages in which a file is one component of script, template and style. */
const componentLanguages: ReadonlySet<string> = new Set(['vue', 'svelte']);

export const isComponent = (language: string): boolean => componentLanguages.has(language);

/** A script, a template or styles: an element at the top of a component. Rows count from 0. */
export interface Block extends Span {
  readonly isScript: boolean;
}

/** The blocks of a component, by the lines that begin with their tags. */
export function blocksOf(lines: Lines): Block[] {
  const tags = Array.from({ length: lines.count }, (_, row) => tagAt.exec(lines.line(row)));
  /** Rows of the ends that are left, by tag, the next at the end. */
  const ends = new Map<string, number[]>();
  for (const [row, tag] of [...tags.entries()].reverse()) {
    if (tag?.groups?.['end'] !== '/') continue;
    const rows = ends.get(nameOf(tag)) ?? [];
    ends.set(nameOf(tag), rows);
    rows.push(row);
  }
  const blocks: Block[] = [];
  let free = 0;
  for (const [row, tag] of tags.entries()) {
    if (row < free || tag === null || tag.groups?.['end'] === '/') continue;
    // It may end on its line.
    if (
      lines
        .line(row)
        .toLowerCase()
        .includes(`</${nameOf(tag)}`)
    )
      continue;
    const left = ends.get(nameOf(tag)) ?? [];
    while ((left.at(-1) ?? row) < row) left.pop();
    const end = left.at(-1);
    if (end === undefined) continue;
    blocks.push({ start: row, end, isScript: nameOf(tag) === 'script' });
    free = end + 1;
  }
  return blocks;
}

const tagAt = /^<(?<end>\/?)(?<name>[a-z][\w-]*)/i;
const nameOf = (tag: RegExpExecArray): string => (tag.groups?.['name'] ?? '').toLowerCase();

/** The scripts of a component, with spaces for all else: offsets and lines stay as they are. */
export function scriptsOf(
  lines: Lines,
  blocks: readonly Block[],
): { readonly language: 'typescript' | 'tsx'; readonly text: string } {
  const { text } = lines;
  const parts: string[] = [];
  let [done, isTsx] = [0, false];
  for (const { start, end, isScript } of blocks) {
    const [from, to] = [lines.start(start), lines.start(end)];
    const opened = text.indexOf('>', from) + 1;
    if (!isScript || opened === 0 || opened > to) continue;
    parts.push(blanked(text.slice(done, opened)), text.slice(opened, to));
    done = to;
    isTsx ||= /\blang=["']?[jt]sx\b/.test(text.slice(from, opened));
  }
  parts.push(blanked(text.slice(done)));
  return { language: isTsx ? 'tsx' : 'typescript', text: parts.join('') };
}

/** Folders that name none of their components: in `upload/src/index.vue` the component is `upload`. */
const namelessFolders: ReadonlySet<string> = new Set(['src', 'lib', 'components', 'views', 'pages']);

/** A component's name as its users write it (Vue style guide, "Component name casing"): `upload-list.vue` is `UploadList`. */
const pascalCase = (name: string): string =>
  /^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/.test(name)
    ? name.replace(/(?:^|-)([a-z0-9])/g, (_, first: string) => first.toUpperCase())
    : name;

/** A component has the name of its file; `index.vue` that of its folder. What its scripts define is inside. */
export function componentDefinitions(
  path: string,
  lines: Lines,
  inside: readonly Definition[],
): readonly Definition[] {
  const parts = path.split('/');
  const stem = (parts.at(-1) ?? path).replace(/\.[^.]*$/, '');
  const folder = parts.slice(0, -1).findLast((part) => !namelessFolders.has(part));
  const name = pascalCase(stem === 'index' ? (folder ?? stem) : stem);
  const whole = {
    name,
    qualifiedName: name,
    kind: 'component',
    startLine: 1,
    endLine: Math.max(1, lines.count),
    nameLine: 1,
  };
  return [whole, ...inside.map((one) => ({ ...one, qualifiedName: `${name}.${one.qualifiedName}` }))];
}
