/**
 * Characters that end a line somewhere, move a cursor, or turn the direction of writing: whoever prints them lets a file
 * decide how its neighbours look. A tab is none of them.
 */
// eslint-disable-next-line no-control-regex
const unruly = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A name or a line of a file as one line of text, at most `maxChars` long. */
export function safeLine(text: string, maxChars = Infinity): string {
  const clean = text.replace(unruly, '\ufffd');
  return clean.length > maxChars ? `${clean.slice(0, maxChars)}…` : clean;
}
