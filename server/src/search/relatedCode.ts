import type { Relation, SearchHit } from '../../../shared/src/protocol/protocol.js';
import type { Catalog, ChunkRow, FolderRow } from '../catalog/catalog.js';
import { type Excerpt, signatureLine } from './excerpt.js';
import type { Ranked } from './ranking.js';
import { type Place, rankRelated } from './related.js';
import { isClass } from './relations/codeFiles.js';
import type { RelatedCode } from './relations/relations.js';

/** What relations add to a cosine, times their evidence. */
const relationWeight = 0.25;
/** What counts of a score that was reached in a second step. */
const secondStep = 0.5;
/** Of a list of one relation, what a cosine of 1 adds to the evidence. */
const cosineWeight = 0.3;

/** Less than any difference of scores that is shown. */
const leastStep = 0.0001;

export interface RelatedRequest {
  readonly limit: number;
  readonly includeOwnFile: boolean;
  readonly relation?: Relation;
  readonly steps?: number;
}

/** A chunk, or the lines of related code in it, with its relations. */
export interface RankedRelated extends Ranked {
  readonly relations: readonly Relation[];
  readonly code?: RelatedCode;
}

const order: readonly Relation[] = ['tests', 'calledBy', 'calls', 'definesTypeOf', 'similar'];

/**
 * Related code and the chunks near to a place by vector, the best first. Of a chunk that is mostly related code only
 * that is left.
 */
export function rankWithRelations(
  catalog: Catalog,
  folder: FolderRow,
  place: Place,
  related: readonly RelatedCode[],
  accept: (path: string) => boolean,
  relation: Relation | undefined,
): RankedRelated[] {
  const similarities = new Map(place.nearest.map(({ id, similarity }) => [id, similarity]));
  const near = new Set(
    [...catalog.chunks.locate(folder.id, [...similarities.keys()]).values()].map(({ chunkId }) => chunkId),
  );
  // By the first line that is shown.
  const chunkIds = new Map(
    related.map((code) => [code, catalog.chunks.at(code.file.id, code.startLine)?.id]),
  );
  const cosines = cosinesOf(catalog, folder, place, [...chunkIds.values()]);
  const code = related.map((one): RankedRelated => {
    const id = chunkIds.get(one) ?? 0;
    const cosine = cosines.get(id) ?? 0;
    const summed =
      relation === undefined ? cosine + relationWeight * one.evidence : one.evidence + cosineWeight * cosine;
    const factor = one.via === undefined ? 1 : secondStep;
    const relations =
      near.has(id) && one.via === undefined ? [...one.relations, 'similar' as const] : [...one.relations];
    return {
      id,
      fileId: one.file.id,
      folder: 0,
      path: one.file.path,
      score: factor * summed,
      terms: { cosine, evidence: one.evidence },
      relations: order.filter((known) => relations.includes(known)),
      code: one,
    };
  });
  if (relation !== undefined && relation !== 'similar') return sorted(code, true);
  // A chunk comes after the related code in it, which it would hide.
  const below = (id: number): number =>
    Math.min(...code.map((one) => (one.id === id ? one.score : Infinity)));
  const similar = rankRelated(catalog, folder, place, accept)
    .map((one): RankedRelated => {
      const score = Math.min(one.score, below(one.id) - leastStep);
      return { ...one, score, relations: near.has(one.id) ? ['similar'] : [] };
    })
    .filter(({ relations }) => relation === undefined || relations.length > 0)
    .filter(
      ({ id, path }) => !code.some((one) => one.path === path && isMostOf(one.code, catalog.chunks.get(id))),
    );
  return sorted([...code, ...similar], false);
}

function sorted(all: RankedRelated[], stepsFirst: boolean): RankedRelated[] {
  const step = ({ code }: RankedRelated): number => (stepsFirst && code?.via !== undefined ? 1 : 0);
  return all.sort((a, b) => step(a) - step(b) || b.score - a.score || a.id - b.id);
}

function cosinesOf(
  catalog: Catalog,
  folder: FolderRow,
  { vector }: Place,
  ids: readonly (number | undefined)[],
): Map<number, number> {
  if (vector === undefined) return new Map();
  return catalog.vectors.cosines(folder, vector, [...new Set(ids.filter((id) => id !== undefined))]);
}

/** Whether more than half the lines of a chunk are those of related code. */
function isMostOf(code: RelatedCode | undefined, chunk: ChunkRow | undefined): boolean {
  if (code === undefined || chunk === undefined) return false;
  const { startLine, endLine } = code.definition ?? code;
  const shared = Math.min(endLine, chunk.endLine) - Math.max(startLine, chunk.startLine) + 1;
  return shared * 2 > chunk.endLine - chunk.startLine + 1;
}

/** What is shown of related code. */
export function excerptOfCode({ file, definition, startLine, endLine }: RelatedCode): Excerpt {
  const [start] = file.rangeOf({ startLine, endLine: startLine });
  const [, end] = file.rangeOf({ startLine: endLine, endLine });
  const outer = definition === undefined ? [] : file.outside(definition).filter(isClass).reverse();
  const symbol = definition === undefined ? null : [...outer, definition].map(({ name }) => name).join('.');
  const shown = { startLine, endLine, symbol, text: file.text.slice(start, end) };
  return { ...shown, signatureLine: signatureLine(shown, definition === undefined ? [] : [definition]) };
}

/** The part of a hit that says why it is related. */
export function reasonOf({ relations, code }: RankedRelated): Pick<SearchHit, 'relations' | 'via'> {
  return { relations, ...(code?.via !== undefined && { via: code.via }) };
}
