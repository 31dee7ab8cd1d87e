import { identifierParts, tokenStream, tokens } from './tokens.js';
import type { ChunkedFile, SourceChunk } from '../chunking/chunker.js';
import type { Definition } from '../syntax/definitions.js';

/** Token streams of a chunk, see tokens.ts: all of it, the names it defines, and the lines that define them. */
export interface ChunkTerms {
  readonly body: string;
  readonly names: string;
  readonly signatures: string;
}

/** Token streams of a file: its name and directories, the comments at its top, and all its comments. */
export interface FileTerms {
  readonly path: string;
  readonly lead: string;
  readonly comments: string;
}

/** The beginning of a file, which says what it is for. */
const leadLines = 60;
const leadLength = 500;
const signatureLength = 160;
const commentLength = 20_000;
const sentenceLength = 200;
/** Words of the directories nearest to a file that count for it. */
const directoryTokens = 6;
/** What the file's own vector is made from, in characters. */
const fileTextLength = 900;

/** Languages whose text is prose as a whole. */
const prose: ReadonlySet<string> = new Set(['markdown', 'text', 'restructuredtext']);

const legal = /\b(?:licen[cs]ed?|copyright|spdx|all rights reserved)\b/i;
/** A comment that holds any of these is a licence from end to end. */
const licence = /\bapache|warrant|permission is hereby|redistribut/i;

/** Tags of XML documentation, HTML in Javadoc and inline tags of Javadoc, which say nothing themselves. */
const tags =
  /<\/?(?:summary|remarks|para|returns|value|p|br|ul|ol|li|pre|code|tt)\s*\/?>|\{@(?:code|link|linkplain|literal)\b/g;

/** A comment's words without the marks around them. */
export function plainComment(text: string): string {
  return text
    .replace(
      /^[ \t]*(?:\/\/[/!]?|\/\*+!?|\*+\/|\*(?!\w)|#+!?|--+|;+|%+|<!--|(?:~[sS]|[rRuU])?(?:"""|''')|\{-|-\})/gm,
      ' ',
    )
    .replace(/\*\/|"""|'''|-->|-\}/g, ' ')
    .replace(tags, ' ')
    .replace(/[ \t]+/g, ' ')
    .trim();
}

/** What a comment says first, which is what the thing below it does; what follows is parameters and asides. */
export function firstSentence(comment: string): string {
  return (plainComment(comment).split(/[.!?]\s|[。！？]|\n\s*\n/)[0] ?? '').slice(0, sentenceLength);
}

/** The comments at the top of a file, its licence left out; of prose, its beginning. */
export function leadOf(language: string, text: string, { comments }: Pick<ChunkedFile, 'comments'>): string {
  if (prose.has(language)) return text.slice(0, leadLength).trim();
  let lead = '';
  for (const comment of comments) {
    if (comment.startLine > leadLines || lead.length >= leadLength) break;
    const words = plainComment(comment.text);
    if (comment.startLine > 5 || !legal.test(words)) lead += `${words}\n`;
    else if (!licence.test(words)) {
      lead += `${words
        .split('\n')
        .filter((line) => !legal.test(line))
        .join('\n')}\n`;
    }
  }
  return lead.slice(0, leadLength).trim();
}

/** The words of a file that rankings tell apart by where they stand. */
export function termsOfFile(path: string, language: string, text: string, file: ChunkedFile): FileTerms {
  const parts = path.replace(/\.[^./]+$/, '').split('/');
  const name = tokens(parts.pop() ?? '');
  const directories = tokens(parts.join(' ')).slice(-directoryTokens);
  const comments = file.comments.map((comment) => firstSentence(comment.text)).join('\n');
  return {
    // The name says more than the directories above it.
    path: [...name, ...name, ...directories].join(' '),
    lead: tokenStream(leadOf(language, text, file)),
    comments: tokenStream(comments.slice(0, commentLength)),
  };
}

/** Definitions whose names stand in a chunk. */
export function definitionsIn(chunk: SourceChunk, definitions: readonly Definition[]): Definition[] {
  return definitions.filter(({ nameLine }) => nameLine >= chunk.startLine && nameLine <= chunk.endLine);
}

/** The lines of a chunk on which something is defined. `lines` are those of the whole file. */
export function signaturesOf(found: readonly Definition[], lines: readonly string[]): string {
  const rows = new Set(found.map(({ nameLine }) => nameLine));
  return [...rows].map((row) => (lines[row - 1] ?? '').trim().slice(0, signatureLength)).join('\n');
}

/**
 * The text that stands for a whole file when it is embedded: where it is, what it says of itself and what it defines.
 * It fits `maxTokens`.
 */
export function fileSummary(
  path: string,
  language: string,
  text: string,
  file: ChunkedFile,
  { maxTokens, countTokens }: { readonly maxTokens: number; readonly countTokens: (text: string) => number },
): string {
  const spoken = (name: string): string => identifierParts(name).join(' ').toLowerCase();
  const place = path
    .replace(/\.[^./]+$/, '')
    .split('/')
    .map(spoken)
    .filter(Boolean)
    .join(' ');
  const names = [...new Set(file.definitions.map(({ name }) => spoken(name)))].filter(Boolean).join(' ');
  const lead = leadOf(language, text, file).replace(/\s+/g, ' ');
  let whole = `${place} . ${lead} . ${names}`.slice(0, fileTextLength);
  // Special tokens take two, and any tokenizer may count in its own way: cut until it fits.
  while (whole.length > 1 && countTokens(whole) + 2 > maxTokens)
    whole = whole.slice(0, Math.floor(whole.length * 0.92));
  return whole;
}
