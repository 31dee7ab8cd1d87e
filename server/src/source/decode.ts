import { Buffer, isUtf8 } from 'node:buffer';
import { type Node, findNodeAtLocation, parseTree } from 'jsonc-parser';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** Text of a file without its byte order mark. Line ends are as in the file. */
export interface Decoded {
  readonly text: string;
  readonly encoding: Encoding;
}

/** The kind of a file is guessed from this many bytes at its beginning. */
const sampleBytes = 8192;

/** Decodes the bytes of a file; `undefined` when they are not text. */
export function decodeText(bytes: Buffer): Decoded | undefined {
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return decode8Bit(bytes.subarray(3));
  // Checked before UTF-16, whose mark is the beginning of this one. Source files are not in UTF-32.
  if (startsWith(bytes, 0xff, 0xfe, 0, 0)) return undefined;
  if (startsWith(bytes, 0xff, 0xfe)) return decode16Bit(bytes.subarray(2), 'utf-16le');
  if (startsWith(bytes, 0xfe, 0xff)) return decode16Bit(bytes.subarray(2), 'utf-16be');
  if (!bytes.includes(0)) return decode8Bit(bytes);
  const encoding = guess16Bit(bytes);
  return encoding && decode16Bit(bytes, encoding);
}

function startsWith(bytes: Buffer, ...start: readonly number[]): boolean {
  return bytes.length >= start.length && start.every((byte, i) => bytes[i] === byte);
}

function decode8Bit(bytes: Buffer): Decoded | undefined {
  if (bytes.includes(0) || hasControls(bytes.subarray(0, sampleBytes))) return undefined;
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), encoding: 'utf-8' };
  // An invalid byte in UTF-8 costs only that byte. Decoding the file differently would damage every other character.
  const text = bytes.toString('utf8');
  const broken = count(text, /\uFFFD/g);
  if (count(text, /[\x80-\u{FFFC}\u{10000}-\u{10FFFF}]/gu) >= 4 * broken) return { text, encoding: 'utf-8' };
  return decodeWindows1252(bytes);
}

/** Characters of windows-1252 at 0x80 to 0x9F, where latin1 has control characters. U+FFFD marks the unused codes. */
const windows1252 = '€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ';

function decodeWindows1252(bytes: Buffer): Decoded | undefined {
  // Written out, because the encodings that TextDecoder supports depend on how the runtime was built.
  const text = bytes
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (char) => windows1252.charAt(char.charCodeAt(0) - 0x80));
  const sample = text.slice(0, sampleBytes);
  // Matches words of European languages. Of random bytes half are above ASCII, and often nothing matches.
  const high = count(sample, /[^\0-\x7f]/g);
  if (sample.includes('\uFFFD') || high > sample.length * 0.3) return undefined;
  return { text, encoding: 'windows-1252' };
}

function decode16Bit(bytes: Buffer, encoding: 'utf-16le' | 'utf-16be'): Decoded | undefined {
  // An odd byte at the end is half a character.
  const even = bytes.subarray(0, bytes.length & ~1);
  // Swaps a copy, because the bytes belong to the caller.
  const little = encoding === 'utf-16le' ? even : Buffer.from(even).swap16();
  // Goes through UTF-8, so that half a surrogate pair becomes U+FFFD here and not in a later step.
  const text = Buffer.from(little.toString('utf16le'), 'utf8').toString('utf8');
  return text.includes('\0') ? undefined : { text, encoding };
}

/**
 * Whether bytes are UTF-16 without a mark: in mostly ASCII text, one byte of most pairs is zero and the other hardly
 * ever.
 */
function guess16Bit(bytes: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const end = Math.min(bytes.length, sampleBytes) & ~1;
  if (bytes.length % 2 !== 0 || end < 4) return undefined;
  let evenZeros = 0;
  let oddZeros = 0;
  for (let i = 0; i < end; i += 2) {
    if (bytes[i] === 0) evenZeros++;
    if (bytes[i + 1] === 0) oddZeros++;
  }
  const mostPairs = (end / 2) * 0.6;
  const encoding =
    oddZeros >= mostPairs && evenZeros * 20 <= oddZeros
      ? 'utf-16le'
      : evenZeros >= mostPairs && oddZeros * 20 <= evenZeros
        ? 'utf-16be'
        : undefined;
  if (!encoding) return undefined;
  const low = encoding === 'utf-16le' ? 0 : 1;
  // A binary table of small numbers looks the same, but has no letters.
  for (let i = 0; i < end; i += 2) {
    if (bytes[i + 1 - low] === 0 && isControl(bytes[i + low] ?? 0)) return undefined;
  }
  return encoding;
}

/** Whether there are more control characters than the few that text has, for page breaks and terminal colours. */
function hasControls(sample: Buffer): boolean {
  let controls = 0;
  for (const byte of sample) if (isControl(byte)) controls++;
  return controls > 1 + sample.length / 200;
}

/** Control characters other than tab, line feed, form feed, carriage return and escape. */
function isControl(byte: number): boolean {
  return byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** Marks of the cells of a notebook in its text, as other tools write them (Jupytext's percent format). */
export const codeCell = '# %%';
export const markdownCell = '# %% [markdown]';

/**
 * The cells of a Jupyter notebook (nbformat 4) as text, each below its mark, without outputs and metadata. Lines are those of
 * the file, unless a cell has more of them than the file has for it. `undefined` when the JSON is no notebook.
 */
export function notebookText(json: string): string | undefined {
  let cells: readonly Node[] | undefined;
  let language: unknown;
  try {
    const root = parseTree(json);
    cells = root && findNodeAtLocation(root, ['cells'])?.children;
    language = root && findNodeAtLocation(root, ['metadata', 'kernelspec', 'language'])?.value;
  } catch {
    // Nested too deeply for the parser's stack.
    return undefined;
  }
  if (cells === undefined) return undefined;
  const code = typeof language === 'string' && language !== 'python' ? `${codeCell} [${language}]` : codeCell;
  const lines: string[] = [];
  let [row, at] = [0, 0];
  /** Fills up to the line of the file that has `offset`. */
  const goTo = (offset: number): void => {
    for (; at < offset; at++) if (json[at] === '\n') row++;
    while (lines.length < row) lines.push('');
  };
  for (const cell of cells) {
    const kind: unknown = findNodeAtLocation(cell, ['cell_type'])?.value;
    const source = findNodeAtLocation(cell, ['source']);
    const parts = source?.type === 'array' ? (source.children ?? []) : source === undefined ? [] : [source];
    const text = parts.map(({ value }) => (typeof value === 'string' ? value : '')).join('');
    if (text.trim() === '' || kind === 'raw') continue;
    goTo(cell.offset);
    lines.push(kind === 'markdown' ? markdownCell : code);
    goTo(parts[0]?.offset ?? cell.offset);
    lines.push(...text.replace(/\n$/, '').split('\n'));
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
