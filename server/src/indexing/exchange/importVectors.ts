import { LanternError, throwIfCancelled } from '../../../../shared/src/errors.js';
import { nextTurn } from '../../../../shared/src/nextTurn.js';
import type { NewVector } from '../../catalog/catalog.js';
import type { IndexWriter } from '../indexWriter.js';
import { Rate } from '../rate.js';
import type { VectorsProgress } from '../../../../shared/src/protocol/protocol.js';
import { Reservoir, type SampleCheckJob, type Sampled, checkSample, leastCosine } from './sampleCheck.js';
import { VectorFile } from './vectorFile.js';
import { WantedVectors } from './wantedVectors.js';

/** Vectors between two commits. */
const commitPage = 512;
/** Vectors of a file that are computed again here before any is taken. */
const sampleSize = 8;

export interface ImportJob extends SampleCheckJob {
  readonly writer: IndexWriter;
  readonly file: string;
  readonly onProgress: (progress: VectorsProgress) => void;
}

export interface Imported {
  /** Vectors in the file. */
  readonly inFile: number;
  /** Those of them that the folder had need of. */
  readonly taken: number;
  /** Those that were computed again and compared. */
  readonly checked: number;
}

/**
 * Takes from a file the vectors that a folder needs. All of the file is read, and a sample of it compared with what the
 * model gives, before anything is written.
 */
export async function importVectors(
  job: ImportJob,
  signal: AbortSignal = new AbortController().signal,
): Promise<Imported> {
  const { catalog, writer, folder, file, onProgress } = job;
  const source = await VectorFile.open(file);
  const { model, count } = source.header;
  if (model !== folder.modelKey) {
    throw new LanternError(
      'bad-request',
      `${file} has vectors of the model ${model}, and the index is of ${folder.modelKey}. Select that model in lantern.model.name, or export again with this one.`,
    );
  }
  const wanted = new WantedVectors(catalog, folder);
  const sample = new Reservoir<Sampled>(sampleSize);
  for await (const record of recordsOf(source, signal)) {
    const [user] = wanted.users(record.digest);
    if (user !== undefined) sample.add({ record, user });
  }
  const { checked, leastLikeness } = await checkSample(job, sample.kept, signal);
  if (!(leastLikeness >= leastCosine)) {
    throw new LanternError(
      'bad-request',
      `${file} has other vectors than ${folder.modelKey} gives here (cosine ${leastLikeness.toFixed(2)}, ${leastCosine} is needed). Nothing of it was taken. Do not use it.`,
    );
  }
  const [rate, total] = [new Rate(), wanted.size];
  let taken = 0;
  let [vectors, fileIds]: [NewVector[], number[]] = [[], []];
  const write = async (): Promise<void> => {
    if (vectors.length === 0) return;
    await writer.putVectors(folder, vectors, fileIds, 'imported');
    taken += vectors.length;
    rate.add(vectors.length);
    onProgress({ kind: 'vectors', ...rate.progress(taken, total) });
    [vectors, fileIds] = [[], []];
  };
  for await (const { digest, vector } of recordsOf(source, signal)) {
    // A digest that the file has twice counts once.
    const users = wanted.take(digest);
    if (users.length === 0) continue;
    vectors.push({ digest, vector });
    for (const { kind, id } of users) if (kind === 'file') fileIds.push(id);
    if (vectors.length >= commitPage) await write();
  }
  await write();
  return { inFile: count, taken, checked };
}

async function* recordsOf(source: VectorFile, signal: AbortSignal): AsyncGenerator<NewVector> {
  for await (const block of source.blocks()) {
    throwIfCancelled(signal, 'The import');
    await nextTurn();
    yield* block;
  }
}
