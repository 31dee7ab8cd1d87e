// pomegranate: tracked by Git, excluded by .lanternignore
export function leftPad(text, width) {
  return ' '.repeat(Math.max(0, width - text.length)) + text;
}
