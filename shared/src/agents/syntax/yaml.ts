import { type Pair, type YAMLMap, isMap, isNode, isScalar, parseDocument, stringify } from 'yaml';
import type { Entry } from '../agent.js';
import { type Syntax, endLine, lineEnd, withLineEnds } from './syntax.js';

/**
 * YAML. Lines are inserted and cut, so that all others stay as they are. Where that is not possible, as in a
 * mapping in braces, the library writes the document anew and keeps its comments.
 */
export const yaml: Syntax = {
  title: 'YAML',
  parse: (text) => (valid(text).toJS() as unknown) ?? {},
  add(text, servers, name, entry) {
    const document = valid(text);
    const { contents } = document;
    const end = lineEnd(text);
    if (contents === null || (isScalar(contents) && contents.value === null)) {
      return endLine(text) + block({ [servers]: { [name]: entry } }, 0, end);
    }
    if (isBlock(contents)) {
      const there: unknown = contents.get(servers, true);
      if (there === undefined) return endLine(text) + block({ [servers]: { [name]: entry } }, 0, end);
      if (isBlock(there)) {
        const first = there.items[0];
        const last = there.items.at(-1);
        if (first !== undefined && last !== undefined) {
          const indent = columnOf(text, startOf(first));
          const at = lineAfter(text, endOf(last));
          const before = text.slice(0, at);
          return endLine(before) + block({ [name]: entry }, indent, end) + text.slice(at);
        }
      }
    }
    document.setIn([servers, name], document.createNode(entry));
    return document.toString();
  },
  remove(text, path) {
    const document = valid(text);
    const parent: unknown = path.length === 1 ? document.contents : document.get(path[0], true);
    if (isBlock(parent) && parent.items.length > 1) {
      const pair = parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
      if (pair !== undefined) {
        const from = text.lastIndexOf('\n', startOf(pair)) + 1;
        return text.slice(0, from) + text.slice(lineAfter(text, endOf(pair)));
      }
    }
    document.deleteIn(path);
    return document.toString();
  },
};

function valid(text: string): ReturnType<typeof parseDocument> {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error === undefined) return document;
  throw new SyntaxError(`${error.code} in line ${error.linePos?.[0].line ?? 1}`);
}

const isBlock = (node: unknown): node is YAMLMap => isMap(node) && node.flow !== true;

function block(value: Entry, indent: number, end: string): string {
  const lines = stringify(value, { lineWidth: 0 });
  return withLineEnds(lines.replace(/^(?=.)/gm, ' '.repeat(indent)), end);
}

const startOf = ({ key }: Pair): number => (isNode(key) ? (key.range?.[0] ?? 0) : 0);

const endOf = ({ key, value }: Pair): number =>
  (isNode(value) ? value.range?.[1] : undefined) ?? (isNode(key) ? (key.range?.[1] ?? 0) : 0);

const columnOf = (text: string, offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1);

/** Where the line after an offset begins; the offset itself when it is at the beginning of one. */
function lineAfter(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset;
  const end = text.indexOf('\n', offset);
  return end === -1 ? text.length : end + 1;
}
