import type { Definition } from '../definitions.js';
import type { Lines } from '../lines.js';
import type { Span } from '../outline.js';

/** Languages in which a file is one component of script, template and style. */
const componentLanguages: ReadonlySet<string> = new Set(['vue', 'svelte']);

export const isComponent = (language: string): boolean => componentLanguages.has(language);

const script = /^(<script\b[^>]*>)([\s\S]*?)(?=^<\/script\s*>)/gim;
const block = /^<(?<tag>[a-z][\w-]*)\b[\s\S]*?^<\/\k<tag>\s*>/gim;

/** The scripts of a component, with spaces for all else: offsets and lines stay as they are. */
export function scriptsOf(text: string): { readonly language: 'typescript' | 'tsx'; readonly text: string } {
  const parts: string[] = [];
  let [done, isTsx] = [0, false];
  for (const match of text.matchAll(script)) {
    const [, tag = '', code = ''] = match;
    const start = match.index + tag.length;
    parts.push(blank(text.slice(done, start)), code);
    done = start + code.length;
    isTsx ||= /\blang=["']?[jt]sx\b/.test(tag);
  }
  parts.push(blank(text.slice(done)));
  return { language: isTsx ? 'tsx' : 'typescript', text: parts.join('') };
}

const blank = (text: string): string => text.replace(/[^\r\n]/g, ' ');

/** Rows (from 0) of the blocks at the top of a component: scripts, templates, styles. */
export function blocksOf(lines: Lines): (Span & { readonly isScript: boolean })[] {
  return [...lines.text.matchAll(block)].map(({ 0: text, index, groups }) => ({
    start: lines.rowAt(index),
    end: lines.rowAt(index + text.length - 1),
    isScript: groups?.['tag']?.toLowerCase() === 'script',
  }));
}

/** A component has the name of its file; `index.vue` that of its folder. What its scripts define is inside. */
export function componentDefinitions(
  path: string,
  lines: Lines,
  inside: readonly Definition[],
): readonly Definition[] {
  const parts = path.split('/');
  const stem = (parts.at(-1) ?? path).replace(/\.[^.]*$/, '');
  const name = stem === 'index' ? (parts.at(-2) ?? stem) : stem;
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
