import type { Field } from './postings.js';

/** A file of a folder, as ranking uses it. */
export interface FileDoc {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  /** Row id of its first chunk. Those of its other chunks follow. */
  readonly firstChunk: number;
  /** Number of its first chunk within the folder, and its number of chunks. */
  readonly at: number;
  readonly chunks: number;
}

/** A folder's files and chunks, numbered from 0, with the lengths of their fields in terms. */
export interface FolderStatistics {
  readonly files: readonly FileDoc[];
  /** Number of the file of each chunk. */
  readonly fileOf: Int32Array;
  /** By file for `path`, `lead`, `comments` and `usage`, by chunk for the other fields. */
  readonly lengths: Readonly<Record<Field, Uint32Array>>;
  /** Mean length of the non-empty fields; 1 when all are empty. */
  readonly averages: Readonly<Record<Field, number>>;
  /** The number of a file by its row id. */
  numberOf(fileId: number): number | undefined;
  /** The number of a chunk by its file's row id and its own. */
  chunkNumber(fileId: number, chunkId: number): number | undefined;
}

/** What the catalog stores of a file's statistics. */
export interface StoredFile {
  readonly id: number;
  readonly path: string;
  readonly language: string;
  readonly firstChunk: number;
  /** Lengths of path, lead and comments; then of body, names and signatures of each chunk. */
  readonly lengths: readonly number[];
  readonly usage: number;
}

const fieldsOfFiles = ['path', 'lead', 'comments', 'usage'] as const;
const fieldsOfChunks = ['body', 'names', 'signatures'] as const;

/** Statistics of a folder without files. */
export const noStatistics: FolderStatistics = layOut([], 0, []);

/**
 * The statistics after some files were written, or removed where there is `undefined` for a file. Files are numbered in
 * the order of their row ids. Those that stayed are copied in long runs: each search after a change waits for this.
 * The old statistics stay as they are, for the searches that use them.
 */
export function changeStatistics(
  old: FolderStatistics,
  changed: ReadonlyMap<number, StoredFile | undefined>,
): FolderStatistics {
  const written = [...changed.values()].filter((file) => file !== undefined).sort((a, b) => a.id - b.id);
  const files: FileDoc[] = [];
  const parts: Part[] = [];
  let at = 0;
  let next = 0;
  const writeUntil = (end: number): void => {
    for (let file = written[next]; file !== undefined && file.id < end; file = written[++next]) {
      const { id, path, language, firstChunk, lengths } = file;
      const chunks = Math.max(0, Math.floor((lengths.length - 3) / 3));
      parts.push({ number: files.length, at, file });
      files.push({ id, path, language, firstChunk, at, chunks });
      at += chunks;
    }
  };
  old.files.forEach((doc, number) => {
    writeUntil(doc.id);
    if (changed.has(doc.id)) return;
    const last = parts.at(-1);
    const continues =
      last !== undefined && 'old' in last && number - last.from === files.length - last.number;
    if (!continues) parts.push({ number: files.length, at, old, from: number });
    files.push(doc.at === at ? doc : { ...doc, at });
    at += doc.chunks;
  });
  writeUntil(Infinity);
  return layOut(files, at, parts);
}

/** One file that was written, or the files that stayed up to the next part, with their first number in the old statistics. */
type Part = {
  /** Number of its first file, and of its first chunk. */
  readonly number: number;
  readonly at: number;
} & ({ readonly file: StoredFile } | { readonly old: FolderStatistics; readonly from: number });

function layOut(files: readonly FileDoc[], chunks: number, parts: readonly Part[]): FolderStatistics {
  const fileOf = new Int32Array(chunks);
  const numbers = new Map<number, number>();
  files.forEach(({ id, at, chunks: own }, number) => {
    numbers.set(id, number);
    for (let chunk = at; chunk < at + own; chunk++) fileOf[chunk] = number;
  });
  const lengths = {} as Record<Field, Uint32Array>;
  for (const field of fieldsOfFiles) lengths[field] = new Uint32Array(files.length);
  for (const field of fieldsOfChunks) lengths[field] = new Uint32Array(chunks);
  for (const [index, part] of parts.entries()) {
    if ('file' in part) copyFile(part.file, lengths, part);
    else
      copyRun(part.old, part.from, lengths, part, parts[index + 1] ?? { number: files.length, at: chunks });
  }
  const averages = {} as Record<Field, number>;
  for (const field of [...fieldsOfFiles, ...fieldsOfChunks]) averages[field] = averageOf(lengths[field]);
  return {
    files,
    fileOf,
    lengths,
    averages,
    numberOf: (fileId) => numbers.get(fileId),
    chunkNumber: (fileId, chunkId) => {
      const doc = files[numbers.get(fileId) ?? -1];
      if (doc === undefined || chunkId < doc.firstChunk || chunkId >= doc.firstChunk + doc.chunks)
        return undefined;
      return doc.at + chunkId - doc.firstChunk;
    },
  };
}

type Place = Pick<Part, 'number' | 'at'>;
type Lengths = Readonly<Record<Field, Uint32Array>>;

function copyFile(file: StoredFile, to: Lengths, { number, at }: Place): void {
  to.path[number] = file.lengths[0] ?? 0;
  to.lead[number] = file.lengths[1] ?? 0;
  to.comments[number] = file.lengths[2] ?? 0;
  to.usage[number] = file.usage;
  for (let i = 3, chunk = at; i + 2 < file.lengths.length; i += 3, chunk++) {
    to.body[chunk] = file.lengths[i] ?? 0;
    to.names[chunk] = file.lengths[i + 1] ?? 0;
    to.signatures[chunk] = file.lengths[i + 2] ?? 0;
  }
}

function copyRun(old: FolderStatistics, from: number, to: Lengths, start: Place, end: Place): void {
  const chunk = old.files[from]?.at ?? 0;
  for (const field of fieldsOfFiles)
    to[field].set(old.lengths[field].subarray(from, from + end.number - start.number), start.number);
  for (const field of fieldsOfChunks)
    to[field].set(old.lengths[field].subarray(chunk, chunk + end.at - start.at), start.at);
}

function averageOf(lengths: Uint32Array): number {
  let sum = 0;
  let filled = 0;
  for (const length of lengths) {
    sum += length;
    if (length > 0) filled++;
  }
  return filled === 0 ? 1 : sum / filled;
}

/** Computes something of a folder's files once for the same statistics. */
export function perStatistics<T>(of: (docs: FolderStatistics) => T): (docs: FolderStatistics) => T {
  const known = new WeakMap<FolderStatistics, { readonly value: T }>();
  return (docs) => {
    let made = known.get(docs);
    if (made === undefined) known.set(docs, (made = { value: of(docs) }));
    return made.value;
  };
}

/** About `most` of the files at even distances, or all when there are fewer. */
export function sampleOf(files: readonly FileDoc[], most: number): FileDoc[] {
  const step = Math.ceil(files.length / most);
  return files.filter((_, at) => at % step === 0);
}
