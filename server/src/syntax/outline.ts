import type { TreeCursor } from 'web-tree-sitter';
import { lastRow } from './definitions.js';
import type { CommentRows } from './definitions.js';
import type { Lines } from './lines.js';
import type { Pacer } from './pacer.js';
import type { SyntaxTree } from './parsers.js';

/** Rows that read as one thing, both ends included, from 0. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Outline {
  /** Only spans of more than one row: nothing else can be cut at a line. */
  readonly spans: readonly Span[];
  /** Row of a node → row where the comments and decorators begin that belong to it. */
  readonly leads: ReadonlyMap<number, number>;
}

/** Nodes that describe the sibling after them. */
const leadTypes: ReadonlySet<string> = new Set([
  'comment',
  'line_comment',
  'block_comment',
  'multiline_comment',
  'haddock',
  'decorator',
  'annotation',
  'marker_annotation',
  'attribute_item',
  'attribute_list',
  'attribute_declaration',
  'access_specifier',
  'signature',
  'unary_operator',
]);

const noComments: CommentRows = new Map();

/** A body says nothing that its parent does not; as a span of its own it would make the header the better cut. */
const bodyTypes =
  /^(?:.*_)?(?:block|body|statement|declarations|list|members|mapping|sequence|node|document|chunk|suite)$/;

/** The multi-line nodes of a tree, each with the comments and decorators that lead to it. */
export async function syntaxOutline(
  tree: SyntaxTree,
  lines: Lines,
  commentRows: CommentRows,
  pacer: Pacer,
): Promise<Outline> {
  const spans: Span[] = [];
  const leads = new Map<number, number>();
  const cursor = tree.walk();
  try {
    const levels: Level[] = [];
    let visited = 0;
    let level = new Level(-1, -1);
    let isDown = cursor.gotoFirstChild();
    while (isDown) {
      if ((++visited & 255) === 0 && pacer.due) await pacer.pause();
      const type = cursor.nodeType;
      const isLead = cursor.nodeIsNamed ? leadTypes.has(type) : undefined;
      const span = rowsOf(cursor, lines, isLead === true ? noComments : commentRows);
      let lead = level.leadOf(span, isLead);
      if (lead === span.start && isLead === false && span.start > level.start) {
        lead = commentRows.get(span.start - 1) ?? lead;
      }
      if (lead < span.start) {
        leads.set(span.start, lead);
        spans.push({ start: lead, end: span.end });
      }
      const isSame = span.start === level.start && span.end === level.end;
      const isBody = span.end === level.end && bodyTypes.test(type);
      if (span.end > span.start && !isSame && !isBody) spans.push(span);
      // A node on one line has nothing inside that could be cut at a line.
      if (span.end > span.start && cursor.gotoFirstChild()) {
        levels.push(level);
        level = new Level(span.start, span.end);
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        const parent = levels.pop();
        if (!parent || !cursor.gotoParent()) {
          isDown = false;
          break;
        }
        level = parent;
      }
    }
  } finally {
    cursor.delete();
  }
  return { spans, leads };
}

/** One parent on the way down: its rows, and the run of leading siblings that the next child may take. */
class Level {
  readonly start: number;
  readonly end: number;
  #runStart = -1;
  #lastStart = -1;
  #lastEnd = -1;

  constructor(start: number, end: number) {
    this.start = start;
    this.end = end;
  }

  /**
   * The row where what leads to this child begins; the child's own when nothing does. `isLead` is undefined for
   * punctuation, which neither takes a comment nor parts one from what follows.
   */
  leadOf(span: Span, isLead: boolean | undefined): number {
    // Some put a blank line under a block comment; under a line comment it parts.
    const gap = this.#lastEnd > this.#lastStart ? 2 : 1;
    const isAdjacent = this.#runStart >= 0 && span.start <= this.#lastEnd + gap;
    // A comment behind something on its line belongs to that.
    const isTrailing = span.start === this.#lastEnd && this.#runStart < 0;
    const lead = isAdjacent && isLead === false ? this.#runStart : span.start;
    if (isLead === false) this.#runStart = -1;
    else if (isLead && !isTrailing && !isAdjacent) this.#runStart = span.start;
    this.#lastStart = span.start;
    this.#lastEnd = span.end;
    return lead;
  }
}

/** Rows of the node under the cursor; a node on one row costs no look at the text. */
function rowsOf(cursor: TreeCursor, lines: Lines, commentRows: CommentRows): Span {
  const start = cursor.startPosition.row;
  if (cursor.endPosition.row === start) return { start, end: start };
  return { start, end: Math.max(start, lastRow(cursor.startIndex, cursor.endIndex, lines, commentRows)) };
}

/** The outline of a text that has no grammar: blocks by indentation, paragraphs by blank lines. */
export function indentOutline(lines: Lines): Outline {
  const spans: Span[] = [];
  const open: { start: number; indent: number }[] = [];
  let paragraph = 0;
  let last = -1;
  const push = (start: number, end: number): void => {
    if (end > start) spans.push({ start, end });
  };
  for (let row = 0; row < lines.count; row++) {
    const line = lines.line(row);
    const text = line.trimStart();
    if (text === '') {
      push(paragraph, last);
      paragraph = row + 1;
      continue;
    }
    const indent = columns(line.slice(0, line.length - text.length));
    // A line that only closes belongs to the block that its opener began.
    const isCloser = /^(?:[\])}]|end\b|<\/)/.test(text);
    for (let top = open.at(-1); top && indent <= top.indent; top = open.at(-1)) {
      open.pop();
      push(top.start, isCloser && indent === top.indent ? row : last);
    }
    if (!isCloser || open.length === 0) open.push({ start: row, indent });
    last = row;
  }
  push(paragraph, last);
  for (const { start } of open) push(start, last);
  return { spans, leads: new Map() };
}

function columns(indent: string): number {
  let column = 0;
  for (const character of indent) column += character === '\t' ? 4 - (column % 4) : 1;
  return column;
}
