import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import type { NewChunk, NewFile } from '../catalog/rows.js';
import { tokens } from '../lexical/tokens.js';
import { type ChunkedFile } from '../chunking/chunker.js';
import { type ChunkTerms, definitionsIn, fileSummary, termsOfFile, signaturesOf } from '../lexical/fields.js';
import { countTerms } from '../lexical/termCounts.js';
import { digestOf } from '../source/sourceTexts.js';
import { embeddedText } from '../chunking/embeddedText.js';

export interface ReadFile {
  readonly path: string;
  readonly language: string;
  readonly text: string;
  /** SHA-256 of the bytes. */
  readonly digest: string;
  readonly chunked: ChunkedFile;
}

/** Most tokens that the model accepts, and how they are counted. */
export interface EmbeddingLimits {
  readonly maxTokens: number;
  readonly countTokens: (text: string) => number;
}

/** The catalog's rows for a file and its chunks, without the time when the file was read. */
export function fileRows(
  { path, language, text, digest, chunked }: ReadFile,
  limits: EmbeddingLimits,
): { file: Omit<NewFile, 'size' | 'mtimeMs' | 'checkedMs'>; chunks: NewChunk[] } {
  const { maxTokens, countTokens } = limits;
  const lines = text.split('\n');
  const occurrences = new Map<string, number>();
  const terms: ChunkTerms[] = [];
  const chunks = chunked.chunks.map((chunk): NewChunk => {
    const textDigest = digestOf(chunk.text);
    const content = Buffer.from(textDigest).toString('hex');
    const occurrence = occurrences.get(content) ?? 0;
    occurrences.set(content, occurrence + 1);
    const defined = definitionsIn(chunk, chunked.definitions);
    terms.push({
      body: tokens(chunk.text),
      names: tokens(defined.map(({ name }) => name).join(' ')),
      signatures: tokens(signaturesOf(defined, lines)),
    });
    return {
      key: hash('sha256', `${path}\0${content}\0${occurrence}`).slice(0, 32),
      vectorDigest: digestOf(embeddedText(path, chunk.text, maxTokens, countTokens)),
      textDigest,
      startOffset: chunk.start,
      endOffset: chunk.end,
      startLine: chunk.startLine,
      endLine: chunk.endLine,
      symbol: chunk.symbol,
      definitions: defined,
    };
  });
  const summary = fileSummary(path, language, text, chunked, limits);
  const file = {
    path,
    language,
    digest,
    counted: countTerms(termsOfFile(path, language, text, chunked), terms),
    commentRows: chunked.comments.map(({ endLine }) => endLine),
    summary: { digest: digestOf(summary), text: summary },
  };
  return { file, chunks };
}
