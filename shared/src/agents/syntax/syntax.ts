import type { Entry } from '../agent.js';

/** The value of a configuration file. */
export type Root = Readonly<Record<string, unknown>>;

/** How to edit a configuration file as text, so that all else in it stays. */
export interface Syntax {
  /** How the syntax is called in messages. */
  readonly title: string;
  /** The value of a text; an empty object for a blank one. Throws an error that says where the text is wrong. */
  readonly parse: (text: string) => unknown;
  /** The text with one more server; it must have none of that name. */
  readonly add: (text: string, servers: string, name: string, entry: Entry) => string;
  /** The text without the value at a path of one or two keys. */
  readonly remove: (text: string, path: readonly string[]) => string;
}

export const lineEnd = (text: string): '\r\n' | '\n' => (text.includes('\r\n') ? '\r\n' : '\n');

/** Adds a line end when the last line has none. */
export const endLine = (text: string): string =>
  text === '' || text.endsWith('\n') ? text : text + lineEnd(text);

export const withLineEnds = (lines: string, end: string): string => lines.replace(/\r?\n/g, end);
