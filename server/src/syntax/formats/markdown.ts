import { type Definition, byPlace } from '../definitions.js';
import type { Lines } from '../lines.js';
import type { Span } from '../outline.js';

interface Heading {
  readonly row: number;
  readonly level: number;
  readonly title: string;
  readonly path: string;
}

/** Sections, code fences and paragraphs of a Markdown text as spans, and its headings as definitions. */
export function markdownOutline(lines: Lines): { spans: Span[]; definitions: Definition[] } {
  const spans: Span[] = [];
  const definitions: Definition[] = [];
  const open: Heading[] = [];
  const push = (start: number, end: number): void => {
    if (end > start) spans.push({ start, end });
  };
  const closeSections = (level: number, end: number): void => {
    for (let top = open.at(-1); top && top.level >= level; top = open.at(-1)) {
      open.pop();
      push(top.row, end);
      definitions.push({
        name: top.title,
        qualifiedName: top.path,
        kind: 'heading',
        startLine: top.row + 1,
        endLine: end + 1,
        nameLine: top.row + 1,
      });
    }
  };
  const begin = (row: number, level: number, title: string): void => {
    closeSections(level, row - 1);
    const above = open.at(-1);
    open.push({ row, level, title, path: above ? `${above.path} > ${title}` : title });
  };

  let fence: { mark: string; row: number } | undefined;
  let paragraph: number | undefined;
  let row = frontMatter(lines);
  push(0, row - 1);
  for (; row < lines.count; row++) {
    const line = lines.line(row).trimEnd();
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence) {
      const isClosed = mark?.startsWith(fence.mark) === true && /^ {0,3}[`~]+\s*$/.test(line);
      if (isClosed) {
        push(fence.row, row);
        fence = undefined;
      }
      continue;
    }
    const heading = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?$/.exec(line);
    const underline = paragraph === row - 1 ? /^ {0,3}(=+|-+)$/.exec(line)?.[1] : undefined;
    if (mark === undefined && heading === null && underline === undefined && line !== '') {
      paragraph ??= row;
      continue;
    }
    if (paragraph !== undefined && underline === undefined) push(paragraph, row - 1);
    paragraph = undefined;
    if (mark !== undefined) fence = { mark, row };
    else if (heading) begin(row, heading[1]?.length ?? 1, plainTitle(heading[2] ?? ''));
    else if (underline) begin(row - 1, underline.startsWith('=') ? 1 : 2, plainTitle(lines.line(row - 1)));
  }
  if (paragraph !== undefined) push(paragraph, lines.count - 1);
  if (fence) push(fence.row, lines.count - 1);
  closeSections(1, lines.count - 1);
  definitions.sort(byPlace);
  return { spans, definitions };
}

/** Row after the YAML block at the beginning of the file; 0 when there is none. */
function frontMatter(lines: Lines): number {
  if (lines.count === 0 || lines.line(0).trimEnd() !== '---') return 0;
  for (let row = 1; row < lines.count; row++) if (lines.line(row).trimEnd() === '---') return row + 1;
  return 0;
}

function plainTitle(text: string): string {
  const title = text
    .replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/<[^>]+>/g, '')
    .replace(/[*`]|__/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  return title === '' ? '(untitled)' : title.slice(0, 120);
}
