import { Buffer } from 'node:buffer';
import { LanternError, throwIfCancelled } from '../../../../shared/src/errors.js';
import { nextTurn } from '../../../../shared/src/nextTurn.js';
import type { Catalog, FolderRow, NewVector } from '../../catalog/catalog.js';
import { embeddedText } from '../../chunking/embeddedText.js';
import { cosine } from '../../model/goldenCheck.js';
import type { SourceTexts } from '../../source/sourceTexts.js';
import type { ChunkEmbedder } from '../embedder.js';
import type { IndexWriter } from '../indexWriter.js';
import { VectorFile, type VectorRecord } from './vectorFile.js';

/** Vectors between two commits. */
const commitPage = 512;
/** Vectors of a file that are computed again here before any is taken. */
const sampleSize = 8;
/** Least cosine to what the model gives here. A byte per component costs .0001; processors differ by less than .01. */
const leastCosine = 0.99;

export interface ImportJob {
  readonly catalog: Catalog;
  readonly writer: IndexWriter;
  readonly folder: FolderRow;
  readonly embedder: ChunkEmbedder;
  readonly texts: SourceTexts;
  readonly file: string;
}

export interface Imported {
  /** Vectors in the file. */
  readonly inFile: number;
  /** Those of them that the folder had need of. */
  readonly taken: number;
  /** Those that were computed again and compared. */
  readonly checked: number;
}

/** A chunk or a file that needs a vector. */
interface User {
  readonly kind: 'chunk' | 'file';
  readonly id: number;
}

interface Sampled {
  readonly record: VectorRecord;
  readonly user: User;
}

/**
 * Takes from a file the vectors that a folder needs. All of the file is read, and a sample of it compared with what the
 * model gives, before anything is written.
 */
export async function importVectors(job: ImportJob, signal?: AbortSignal): Promise<Imported> {
  const { catalog, writer, folder, file } = job;
  const source = await VectorFile.open(file);
  const { model, count } = source.header;
  if (model !== folder.modelKey) {
    throw new LanternError(
      'bad-request',
      `${file} has vectors of the model ${model}, and the index is of ${folder.modelKey}. Select that model in lantern.model.name, or export again with this one.`,
    );
  }
  const wanted = new Map<string, User[]>();
  const want = (
    kind: User['kind'],
    { id, digest }: { readonly id: number; readonly digest: Uint8Array },
  ): void => {
    const key = keyOf(digest);
    wanted.set(key, [...(wanted.get(key) ?? []), { kind, id }]);
  };
  for (const chunk of catalog.vectors.missing(folder)) want('chunk', chunk);
  for (const one of catalog.fileVectors.missing(folder)) want('file', one);
  let matching = 0;
  const sample: Sampled[] = [];
  for await (const record of recordsOf(source, signal)) {
    const user = wanted.get(keyOf(record.digest))?.[0];
    if (user === undefined) continue;
    // Each of them is in the sample with the same probability (reservoir sampling).
    const place = matching < sampleSize ? matching : Math.floor(Math.random() * (matching + 1));
    matching++;
    if (place < sampleSize) sample[place] = { record, user };
  }
  const checked = await check(job, sample, signal);
  let taken = 0;
  let [vectors, fileIds]: [NewVector[], number[]] = [[], []];
  const write = async (): Promise<void> => {
    if (vectors.length > 0) await writer.putVectors(folder, vectors, fileIds);
    taken += vectors.length;
    [vectors, fileIds] = [[], []];
  };
  for await (const { digest, vector } of recordsOf(source, signal)) {
    const users = wanted.get(keyOf(digest));
    // A file that has a digest twice counts once.
    if (users === undefined || !wanted.delete(keyOf(digest))) continue;
    vectors.push({ digest, vector });
    for (const { kind, id } of users) if (kind === 'file') fileIds.push(id);
    if (vectors.length >= commitPage) await write();
  }
  await write();
  return { inFile: count, taken, checked };
}

async function* recordsOf(source: VectorFile, signal?: AbortSignal): AsyncGenerator<VectorRecord> {
  for await (const block of source.blocks()) {
    throwIfCancelled(signal, 'The import');
    await nextTurn();
    yield* block;
  }
}

/** Computes the sample again. Returns how many of it could be: a file may have changed since it was read. */
async function check(
  { catalog, folder, embedder, texts, file }: ImportJob,
  sample: readonly Sampled[],
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  if (sample.length === 0) return 0;
  const lease = await embedder.acquire(folder.path, 'edited', signal);
  let checked = 0;
  try {
    for (const { record, user } of sample) {
      const text = await textOf(user);
      if (text === undefined) continue;
      const own = await lease.embed(text, signal);
      const likeness = cosine(own, record.vector);
      if (likeness < leastCosine) {
        throw new LanternError(
          'bad-request',
          `${file} has other vectors than ${folder.modelKey} gives here (cosine ${likeness.toFixed(2)}, ${leastCosine} is needed). Nothing of it was taken. Do not use it.`,
        );
      }
      checked++;
    }
  } finally {
    lease.dispose();
  }
  return checked;

  async function textOf({ kind, id }: User): Promise<string | undefined> {
    if (kind === 'file') return catalog.fileVectors.summaries([id])[0]?.text;
    const chunk = catalog.chunks.get(id);
    const text = chunk && (await texts.of(chunk));
    if (chunk === undefined || text === undefined) return undefined;
    return embeddedText(chunk.path, text, embedder.maxTokens, (part) => embedder.countTokens(part));
  }
}

const keyOf = (digest: Uint8Array): string => Buffer.from(digest).toString('latin1');
