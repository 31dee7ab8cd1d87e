import { parse, stringify } from 'smol-toml';
import { type Syntax, endLine, lineEnd, withLineEnds } from './syntax.js';

/**
 * TOML. A server becomes a table at the end of the file. Only a table with a header of its own can be removed;
 * whoever calls compares the values, so that anything else is an error and no damage.
 */
export const toml: Syntax = {
  title: 'TOML',
  parse: (text) => parse(text.replace(/^\ufeff/, ''), { integersAsBigInt: 'asNeeded' }),
  add(text, servers, name, entry) {
    const table = stringify({ [servers]: { [name]: entry } });
    const end = lineEnd(text);
    return `${endLine(text)}${text.trim() === '' ? '' : end}${withLineEnds(table, end)}`;
  },
  remove(text, path) {
    const lines = text.split(/(?<=\n)/);
    const kept: string[] = [];
    let inside = false;
    for (const line of lines) {
      if (/^\s*\[/.test(line)) {
        inside = startsWith(line, path);
        if (inside && kept.at(-1)?.trim() === '') kept.pop();
      }
      if (!inside || /^\s*(#.*)?$/.test(line.trimEnd())) kept.push(line);
    }
    return kept.join('');
  },
};

/** Whether a header is that of a table, or of one in it. */
function startsWith(header: string, path: readonly string[]): boolean {
  const keys = [...header.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+)|#.*/g)]
    .map(([, basic, literal, bare]) => basic ?? literal ?? bare)
    .filter((key) => key !== undefined);
  return path.every((key, index) => keys[index] === key);
}
