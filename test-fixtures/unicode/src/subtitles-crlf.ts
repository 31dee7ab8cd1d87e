// Written on Windows: every line of this file ends in CR LF.
export interface Subtitle {
  readonly fromMs: number;
  readonly toMs: number;
  readonly text: string;
}

/** Reads a subtitle file; blocks are separated by an empty line. */
export function parseSubtitles(source: string): Subtitle[] {
  return source
    .trim()
    .split(/\r?\n\r?\n/)
    .map((block) => {
      const [, times = '', ...lines] = block.split(/\r?\n/);
      const [from = '', to = ''] = times.split(' --> ');
      return { fromMs: toMilliseconds(from), toMs: toMilliseconds(to), text: lines.join(' ') };
    });
}

function toMilliseconds(clock: string): number {
  const [hours = '0', minutes = '0', seconds = '0'] = clock.replace(',', '.').split(':');
  return Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000);
}
