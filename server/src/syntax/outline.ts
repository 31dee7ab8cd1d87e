import type { TreeCursor } from 'web-tree-sitter';
import { lastRow } from './definitions.js';
import type { CommentRows } from './definitions.js';
import type { Lines } from './lines.js';
import type { Pacer } from './pacer.js';
import type { SyntaxTree } from './parsers.js';

/** Rows that belong together, from 0, both ends included. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Outline {
  /** Spans of more than one row. A text is cut at lines, so shorter ones do not matter. */
  readonly spans: readonly Span[];
  /** By the row of a node: the row where its comments and decorators begin. */
  readonly leads: ReadonlyMap<number, number>;
}

/** Types of nodes that describe the next sibling. */
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

/** A body adds nothing to its parent. As a span of its own it would make a cut after the header look better. */
const bodyTypes =
  /^(?:.*_)?(?:block|body|statement|declarations|list|members|mapping|sequence|node|document|chunk|suite)$/;

/** The nodes of a tree that have more than one row, each with its comments and decorators. */
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
      // A node on one row has nothing inside that could be cut at a line.
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

/** An ancestor of the current node: its rows, and the run of comments and decorators before the next child. */
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
   * The row where the comments and decorators of this child begin; the child's own row when it has none. `isLead` is
   * undefined for punctuation, which neither has a comment nor separates one from the next node.
   */
  leadOf(span: Span, isLead: boolean | undefined): number {
    // A block comment may have a blank line below it. After a line comment a blank line separates.
    const gap = this.#lastEnd > this.#lastStart ? 2 : 1;
    const isAdjacent = this.#runStart >= 0 && span.start <= this.#lastEnd + gap;
    // A comment after code on the same line belongs to that code.
    const isTrailing = span.start === this.#lastEnd && this.#runStart < 0;
    const lead = isAdjacent && isLead === false ? this.#runStart : span.start;
    if (isLead === false) this.#runStart = -1;
    else if (isLead && !isTrailing && !isAdjacent) this.#runStart = span.start;
    this.#lastStart = span.start;
    this.#lastEnd = span.end;
    return lead;
  }
}

/** Rows of the node at the cursor. For a node on one row the text is not read. */
function rowsOf(cursor: TreeCursor, lines: Lines, commentRows: CommentRows): Span {
  const start = cursor.startPosition.row;
  if (cursor.endPosition.row === start) return { start, end: start };
  return { start, end: Math.max(start, lastRow(cursor.startIndex, cursor.endIndex, lines, commentRows)) };
}

/** The outline of a text without a grammar: blocks by indentation, paragraphs by blank lines. */
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
    // A line with only closing brackets belongs to the block that it closes.
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
