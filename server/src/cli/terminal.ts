import { safeJson, safeLine, safeLines } from '../../../shared/src/safeText.js';

/** What the terminal can show. */
export interface Terminal {
  readonly color: boolean;
  readonly columns: number;
}

export const terminal: Terminal = {
  color: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
  columns: process.stdout.columns || 100,
};

/** Prints lines. Of what a terminal obeys only our own colours pass, whatever a name or an error has in it. */
export function print(text: string): void {
  process.stdout.write(`${obedient(text, terminal)}\n`);
}

export function obedient(text: string, { color }: Terminal): string {
  // eslint-disable-next-line no-control-regex
  const parts = text.split(/(\x1b\[\d+m)/);
  return parts.map((part, i) => (i % 2 === 1 ? (color ? part : '') : safeLines(part))).join('');
}

/** Prints one line of JSON for programs, or formatted text for people. */
export function show<T>(
  { json }: { readonly json?: boolean | undefined },
  result: T,
  format: (result: T, terminal: Terminal) => string,
): void {
  print(json === true ? safeJson(result) : format(result, terminal));
}

const paint =
  (code: number) =>
  (terminal: Terminal, text: string): string =>
    terminal.color ? `\x1b[${code}m${text}\x1b[0m` : text;
export const bold = paint(1);
export const dim = paint(2);
export const red = paint(31);
export const green = paint(32);
export const yellow = paint(33);
export const cyan = paint(36);

/** One line without characters that a terminal obeys, and with spaces for tabs. */
export const plain = (text: string): string => safeLine(text.replaceAll('\t', '    '));

/** A number with its noun, such as `1 file` and `2,000 files`. */
export const count = (n: number, noun: string): string =>
  `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;

export function mebibytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
