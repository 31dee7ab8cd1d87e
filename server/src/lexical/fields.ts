import { firstSentence, legalNotice, licenceText, plainComment } from '../syntax/comments.js';
import { identifierParts, tokens } from './tokens.js';
import type { ChunkedFile, SourceChunk } from '../chunking/chunker.js';
import type { Definition } from '../syntax/definitions.js';
import type { chunkFields, fileFields } from './postings.js';

/** Tokens of a chunk (see tokens.ts): of its whole text, the names that it defines, and the lines that define them. */
export type ChunkTerms = Readonly<Record<(typeof chunkFields)[number], readonly string[]>>;

/** Tokens of a file: of its path, the comments at its top (its lead), and the first sentences of all its comments. */
export type FileTerms = Readonly<Record<(typeof fileFields)[number], readonly string[]>>;

/** Lines and characters of a file's lead: the comments at its top, which say what it is for. */
const leadLines = 60;
const leadLength = 500;
const signatureLength = 160;
const commentLength = 20_000;
/** Tokens of the nearest directories that count for a file. */
const directoryTokens = 6;
/** Characters of the text that stands for a whole file. */
const fileTextLength = 900;

/** Languages whose whole text is prose. */
const prose: ReadonlySet<string> = new Set(['markdown', 'text', 'restructuredtext']);

/** The lead of a file: the comments at its top without the licence; of prose, its beginning. */
export function leadOf(language: string, text: string, { comments }: Pick<ChunkedFile, 'comments'>): string {
  if (prose.has(language)) return text.slice(0, leadLength).trim();
  let lead = '';
  for (const comment of comments) {
    if (comment.startLine > leadLines || lead.length >= leadLength) break;
    const plain = plainComment(comment.text);
    if (comment.startLine > 5 || !legalNotice.test(plain)) lead += `${plain}\n`;
    else if (!licenceText.test(plain)) {
      lead += `${plain
        .split('\n')
        .filter((line) => !legalNotice.test(line))
        .join('\n')}\n`;
    }
  }
  return lead.slice(0, leadLength).trim();
}

/** The tokens of a file's own fields, which ranking weighs differently. */
export function termsOfFile(path: string, language: string, text: string, file: ChunkedFile): FileTerms {
  const parts = path.replace(/\.[^./]+$/, '').split('/');
  const name = tokens(parts.pop() ?? '');
  const directories = tokens(parts.join(' ')).slice(-directoryTokens);
  const comments = file.comments.map((comment) => firstSentence(comment.text)).join('\n');
  return {
    // Twice, because the name says more than the directories above it.
    path: [...name, ...name, ...directories],
    lead: tokens(leadOf(language, text, file)),
    comments: tokens(comments.slice(0, commentLength)),
  };
}

/** Definitions whose names are in a chunk. */
export function definitionsIn(chunk: SourceChunk, definitions: readonly Definition[]): Definition[] {
  return definitions.filter(({ nameLine }) => nameLine >= chunk.startLine && nameLine <= chunk.endLine);
}

/** The lines that define `found`, each cut to its first characters. `lines` are those of the whole file. */
export function signaturesOf(found: readonly Definition[], lines: readonly string[]): string {
  const rows = new Set(found.map(({ nameLine }) => nameLine));
  return [...rows].map((row) => (lines[row - 1] ?? '').trim().slice(0, signatureLength)).join('\n');
}

/** The text that is embedded for a whole file: its path, its lead and the names that it defines. It fits `maxTokens`. */
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
  // Two tokens are for the special ones. Counts of parts need not add up, so cut until the whole fits.
  while (whole.length > 1 && countTokens(whole) + 2 > maxTokens)
    whole = whole.slice(0, Math.floor(whole.length * 0.92));
  return whole;
}
