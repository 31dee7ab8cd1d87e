/**
 * Characters that end a line, move the cursor, change the direction of writing or are read by a program although no
 * person sees them. Printed as they are, they would let a file change how the text around it looks, or give an agent
 * orders in secret. A tab is harmless.
 */
const unruly =
  // eslint-disable-next-line no-control-regex
  /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e01ef}]/gu;

/** A name or a line of a file as one line of safe text, at most `maxChars` long. No character changes its place. */
export function safeLine(text: string, maxChars = Infinity): string {
  const clean = text.replace(unruly, ({ length }) => '\ufffd'.repeat(length));
  return clean.length > maxChars ? `${clean.slice(0, maxChars)}…` : clean;
}

/** A text of several lines, each of them safe. */
export const safeLines = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => safeLine(line))
    .join('\n');

/** JSON with the characters escaped that a terminal would obey. A program reads the same from it. */
export const safeJson = (value: unknown): string =>
  JSON.stringify(value).replace(unruly, (char) =>
    Array.from(
      { length: char.length },
      (_, i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
