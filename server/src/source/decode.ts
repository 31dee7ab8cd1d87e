import { Buffer, isUtf8 } from 'node:buffer';

export type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** Text of a file, without a byte order mark. Line ends are as in the file. */
export interface Decoded {
  readonly text: string;
  readonly encoding: Encoding;
}

/** Bytes at the beginning from which the kind of a file is guessed. */
const sampleBytes = 8192;

/** `undefined` when the bytes are no text. */
export function decodeText(bytes: Buffer): Decoded | undefined {
  if (startsWith(bytes, 0xef, 0xbb, 0xbf)) return decode8Bit(bytes.subarray(3));
  // Before UTF-16, whose mark is the beginning of this one. Nobody keeps source in UTF-32.
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
  // A stray byte in UTF-8 costs that byte; read as another encoding it would cost every other character.
  const text = bytes.toString('utf8');
  const broken = count(text, /\uFFFD/g);
  if (count(text, /[\x80-\u{FFFC}\u{10000}-\u{10FFFF}]/gu) >= 4 * broken) return { text, encoding: 'utf-8' };
  return decodeWindows1252(bytes);
}

/** What windows-1252 has at 0x80 to 0x9F, where latin1 has controls. U+FFFD stands where it has nothing. */
const windows1252 = '€\uFFFD‚ƒ„…†‡ˆ‰Š‹Œ\uFFFDŽ\uFFFD\uFFFD‘’“”•–—˜™š›œ\uFFFDžŸ';

function decodeWindows1252(bytes: Buffer): Decoded | undefined {
  // Written out because which encodings TextDecoder knows depends on how the runtime was built.
  const text = bytes
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (char) => windows1252.charAt(char.charCodeAt(0) - 0x80));
  const sample = text.slice(0, sampleBytes);
  // Words of European languages; random bytes are half above ASCII and often nothing at all.
  const high = count(sample, /[^\0-\x7f]/g);
  if (sample.includes('\uFFFD') || high > sample.length * 0.3) return undefined;
  return { text, encoding: 'windows-1252' };
}

function decode16Bit(bytes: Buffer, encoding: 'utf-16le' | 'utf-16be'): Decoded | undefined {
  // An odd byte at the end is half a character.
  const even = bytes.subarray(0, bytes.length & ~1);
  // A copy is swapped: the caller's bytes stay as they are.
  const little = encoding === 'utf-16le' ? even : Buffer.from(even).swap16();
  // Through UTF-8, so that half a surrogate pair becomes U+FFFD here and not at some later, surprising place.
  const text = Buffer.from(little.toString('utf16le'), 'utf8').toString('utf8');
  return text.includes('\0') ? undefined : { text, encoding };
}

/** UTF-16 without a mark: mostly ASCII characters, so that one byte of most pairs is zero and the other hardly ever. */
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
  // Small numbers in a binary table look like this too, but they are no letters.
  for (let i = 0; i < end; i += 2) {
    if (bytes[i + 1 - low] === 0 && isControl(bytes[i + low] ?? 0)) return undefined;
  }
  return encoding;
}

/** More than a rare stray control character, which text has for page breaks and terminal colours. */
function hasControls(sample: Buffer): boolean {
  let controls = 0;
  for (const byte of sample) if (isControl(byte)) controls++;
  return controls > 1 + sample.length / 200;
}

/** Not tab, line feed, form feed, carriage return or escape. */
function isControl(byte: number): boolean {
  return byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
