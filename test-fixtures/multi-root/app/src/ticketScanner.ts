/** The camera's view of a paper ticket, decoded to text some ten times a second. */
export interface FrameDecoder {
  decode(): Promise<string | undefined>;
}

/** Letters that look alike on a crumpled ticket are never printed; a reading that has them is a misreading. */
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';

/** The last character must follow from the others; it catches one wrong letter and two swapped ones. */
export function hasValidCheckCharacter(ticket: string): boolean {
  const values = [...ticket].map((char) => ALPHABET.indexOf(char));
  if (values.length !== 6 || values.includes(-1)) return false;
  const sum = values.slice(0, 5).reduce((total, value, index) => total + value * (index + 2), 0);
  return values[5] === sum % ALPHABET.length;
}

/** Waits until the same valid code has been seen in three frames in a row. */
export async function scanTicket(decoder: FrameDecoder, signal: AbortSignal): Promise<string | undefined> {
  let candidate: string | undefined;
  let seen = 0;
  while (!signal.aborted) {
    const text = await decoder.decode();
    if (text === undefined || !hasValidCheckCharacter(text)) continue;
    seen = text === candidate ? seen + 1 : 1;
    candidate = text;
    if (seen >= 3) return candidate;
  }
  return undefined;
}
