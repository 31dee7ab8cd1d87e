import type { Catalog, ChunkRow, FolderRow } from '../catalog/catalog.js';
import { dataLanguages, identifiersIn, isDistinctive } from '../lexical/names.js';
import { tokens } from '../lexical/tokens.js';
import type { VectorMatch } from '../vectors/vectorStore.js';
import type { Ranked } from './ranking.js';
import type { FolderStatistics } from '../lexical/statistics.js';

/** Most that names add to a cosine. */
const weights = { usedBy: 0.25, uses: 0.25 } as const;

/** Most names that are followed: of those that a chunk defines, and of those that its text contains. */
const followedDefined = 8;
const followedNamed = 60;
/** A name in more chunks, or defined in more files, is too common to relate them. */
const mostUsers = 40;
const mostOwners = 3;
/** Most chunks that names alone propose. */
const linkedChunks = 100;

/** How strongly names relate a chunk to the place, 0 to 1: as a user of the place, and as used by it. */
interface Link extends Pick<Ranked, 'fileId' | 'folder' | 'path'> {
  usedBy: number;
  uses: number;
}

/** The chunk whose related chunks are wanted. */
export interface Place {
  readonly chunk: ChunkRow;
  /** Its text; undefined when the file no longer contains it. */
  readonly text: string | undefined;
  /** Its vector, and the chunks nearest to it; none while it has no vector. */
  readonly vector: Float32Array | undefined;
  readonly nearest: readonly VectorMatch[];
}

/** Chunks near to a place by its vector, and chunks that share names with it, in accepted files, the best first. */
export function rankRelated(
  catalog: Catalog,
  folder: FolderRow,
  place: Place,
  accept: (path: string) => boolean,
): Ranked[] {
  return catalog.snapshot(() => ranked(catalog, folder, place, accept));
}

function ranked(
  catalog: Catalog,
  folder: FolderRow,
  { chunk, text, vector, nearest }: Place,
  accept: (path: string) => boolean,
): Ranked[] {
  const docs = catalog.lexical.docs(folder.id);
  const links = linksOf(catalog, folder, docs, chunk, text ?? '', accept);
  links.delete(chunk.id);
  const similarities = new Map(nearest.map(({ id, similarity }) => [id, similarity]));
  const cosines = new Map<number, number>();
  for (const [key, place] of catalog.chunks.locate(folder.id, [...similarities.keys()])) {
    const path = docs.files[docs.numberOf(place.fileId) ?? -1]?.path;
    if (path === undefined || !accept(path) || place.chunkId === chunk.id) continue;
    cosines.set(place.chunkId, similarities.get(key) ?? 0);
    if (!links.has(place.chunkId))
      links.set(place.chunkId, { fileId: place.fileId, folder: 0, path, usedBy: 0, uses: 0 });
  }
  if (vector !== undefined) {
    const further = [...links.keys()].filter((id) => !cosines.has(id));
    for (const [id, cosine] of catalog.vectors.cosines(folder, vector, further)) cosines.set(id, cosine);
  }
  return [...links]
    .map(([id, link]) => scored(id, link, cosines.get(id)))
    .sort((a, b) => b.score - a.score || a.id - b.id);
}

function scored(id: number, { usedBy, uses, ...file }: Link, cosine: number | undefined): Ranked {
  const terms = {
    ...(cosine !== undefined && { cosine }),
    ...(usedBy > 0 && { usedBy: weights.usedBy * usedBy }),
    ...(uses > 0 && { uses: weights.uses * uses }),
  };
  return { id, ...file, score: Object.values(terms).reduce((sum, term) => sum + term, 0), terms };
}

/** The chunks most strongly related by names, by row id. */
function linksOf(
  catalog: Catalog,
  folder: FolderRow,
  docs: FolderStatistics,
  chunk: ChunkRow,
  text: string,
  accept: (path: string) => boolean,
): Map<number, Link> {
  const links = new Map<number, Link>();
  const add = (kind: 'usedBy' | 'uses', chunks: readonly number[]): void => {
    // The more chunks there are, the less the name says about each. Further names add to the remaining share.
    const strength = 1 / Math.sqrt(chunks.length);
    for (const number of chunks) {
      const file = docs.files[docs.fileOf[number] ?? -1];
      if (file === undefined || !accept(file.path)) continue;
      const id = file.firstChunk + number - file.at;
      const link = links.get(id) ?? { fileId: file.id, folder: 0, path: file.path, usedBy: 0, uses: 0 };
      link[kind] += (1 - link[kind]) * strength;
      links.set(id, link);
    }
  };
  const defined = definedBy(catalog, chunk);
  const named = [...new Set(identifiersIn(text))].filter((name) => isDistinctive(name) && !defined.has(name));
  const followed = [...defined].filter(isDistinctive).slice(0, followedDefined);
  for (const users of usersOf(catalog, folder, docs, followed)) add('usedBy', users);
  for (const name of named.slice(0, followedNamed)) add('uses', ownersOf(catalog, folder, docs, name));
  const strongest = [...links].sort(([, a], [, b]) => b.usedBy + b.uses - a.usedBy - a.uses);
  return new Map(strongest.slice(0, linkedChunks));
}

/** Names that a chunk defines, first that of the definition around it. */
function definedBy(catalog: Catalog, { id, symbol, language }: ChunkRow): Set<string> {
  if (dataLanguages.has(language)) return new Set();
  const around = symbol === null ? [] : symbol.split('.').slice(-1);
  return new Set([...around, ...catalog.chunks.definitionsIn(id).map(({ name }) => name)]);
}

/** For each of `names` that is not common: the chunks by number that contain it and do not define it. */
function usersOf(
  catalog: Catalog,
  folder: FolderRow,
  docs: FolderStatistics,
  names: readonly string[],
): number[][] {
  // The last token of a name is the whole name.
  const terms = new Set(names.map((name) => tokens(name).at(-1)).filter((term) => term !== undefined));
  // The postings of a common term are not worth reading.
  const rare = [...terms].filter((term) => catalog.lexical.filesWith(folder.id, term).length <= mostUsers);
  return catalog.lexical.match(folder.id, rare).flatMap(({ fields }) => {
    const definers = new Set(fields.names.docs);
    const users = fields.body.docs.filter((chunk) => !definers.has(chunk));
    return users.length > mostUsers ? [] : [withoutImports(users, docs)];
  });
}

/** A file's first chunk has the imports. It counts only when no other chunk of the file has the name. */
function withoutImports(chunks: readonly number[], docs: FolderStatistics): number[] {
  const isFirst = (chunk: number): boolean => docs.files[docs.fileOf[chunk] ?? -1]?.at === chunk;
  const others = new Set(chunks.filter((chunk) => !isFirst(chunk)).map((chunk) => docs.fileOf[chunk]));
  return chunks.filter((chunk) => !isFirst(chunk) || !others.has(docs.fileOf[chunk]));
}

/** The chunks by number that define a name, case included; none when many files do. */
function ownersOf(catalog: Catalog, folder: FolderRow, docs: FolderStatistics, wanted: string): number[] {
  const owners = catalog.chunks.defining(folder.id, wanted).filter(({ name, fileId }) => {
    const language = docs.files[docs.numberOf(fileId) ?? -1]?.language;
    return name === wanted && language !== undefined && !dataLanguages.has(language);
  });
  if (new Set(owners.map(({ fileId }) => fileId)).size > mostOwners) return [];
  return owners
    .map(({ fileId, chunkId }) => docs.chunkNumber(fileId, chunkId))
    .filter((chunk) => chunk !== undefined);
}
