/** How people answer a message without writing one: 👍 ❤️ 😂 🎉 and whole families 👩‍👩‍👧‍👦. */
export const REACTIONS = ['👍', '❤️', '😂', '🎉', '👩‍👩‍👧‍👦', '🏳️‍🌈'] as const;

/** Cuts a text after so many visible characters; an emoji made of several code points counts as one. */
export function truncateVisible(text: string, limit: number): string {
  const segments = [...new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text)];
  if (segments.length <= limit) return text;
  return segments.slice(0, limit).map((part) => part.segment).join('') + '…';
}

/** Skin tones are put aside when reactions are counted: 👍🏽 and 👍 are the same vote. */
export function withoutSkinTone(emoji: string): string {
  return emoji.replace(/[\u{1F3FB}-\u{1F3FF}]/gu, '');
}
