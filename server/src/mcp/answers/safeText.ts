/**
 * Characters that end a line, move the cursor or change the direction of writing. Printed as they are, they would let
 * a file change how the text around it looks. A tab is harmless.
 */
// eslint-disable-next-line no-control-regex
const unruly = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A name or a line of a file as one line of safe text, at most `maxChars` long. */
export function safeLine(text: string, maxChars = Infinity): string {
  const clean = text.replace(unruly, '\ufffd');
  return clean.length > maxChars ? `${clean.slice(0, maxChars)}…` : clean;
}
