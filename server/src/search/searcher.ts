import picomatch from 'picomatch';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import { throwIfCancelled } from '../../../shared/src/errors.js';
import { nextTurn } from '../../../shared/src/nextTurn.js';
import type { Catalog, ChunkRow } from '../catalog/catalog.js';
import { type Found, findCandidates } from './candidates.js';
import { hitsOf } from './hits.js';
import { isAtLeast, matchesOf } from './match.js';
import { isHeaderOnly, supersededPaths } from './penalties.js';
import { type Query, parseQuery } from './query.js';
import { type RankOptions, type Ranked, rank } from './ranking.js';
import {
  type RankedRelated,
  type RelatedRequest,
  excerptOfCode,
  rankWithRelations,
  reasonOf,
} from './relatedCode.js';
import { relationsOf } from './relations/relations.js';
import type { SearchRequest, SearchTarget } from './request.js';
import { ScoreArrays } from './scoreArrays.js';
import { type FolderStatistics, perStatistics, sampleOf } from '../lexical/statistics.js';
import { tokens } from '../lexical/tokens.js';

export interface SearcherOptions {
  /** Weights instead of the measured ones; the benchmark leaves features out. */
  readonly weights?: RankOptions['weights'];
  /** As `process.platform` names it. */
  readonly platform?: string;
}

/** Most hits that are read for a quoted phrase. */
const phraseReads = 100;

/** Answers queries from the catalog and a collection. This room only reads, and remembers nothing of a search. */
export class Searcher {
  readonly #catalog: Catalog;
  readonly #options: SearcherOptions;
  readonly #arrays = new ScoreArrays();

  constructor(catalog: Catalog, options: SearcherOptions = {}) {
    this.#catalog = catalog;
    this.#options = options;
  }

  /** Hits in these folders, ranked together. */
  async search(
    targets: readonly SearchTarget[],
    request: SearchRequest,
    signal?: AbortSignal,
  ): Promise<SearchHit[]> {
    const query = parseQuery(request.query);
    const found = await this.candidates(targets, request, query);
    // Answers of the vector store to several searches come in the same turn of the event loop.
    await nextTurn();
    throwIfCancelled(signal, 'Search');
    let ranked = this.rank(found, query);
    if (query.phrases.length > 0) ranked = await this.#phrasesFirst(targets, ranked, query, signal);
    const modelKey = targets[0]?.folder.modelKey ?? '';
    const context = { modelKey, byMeaning: request.mode === 'semantic' };
    const matches = matchesOf(found.candidates, context);
    const { minMatch } = request;
    if (minMatch !== undefined) ranked = ranked.filter(({ id }) => isAtLeast(matches(id), minMatch));
    return hitsOf(
      this.#catalog,
      targets,
      ranked,
      { ...request, query, matches, weights: found.weights },
      signal,
    );
  }

  /** The candidates for a query. The benchmark ranks the same candidates in many ways. */
  candidates(targets: readonly SearchTarget[], request: SearchRequest, query: Query): Promise<Found> {
    const accept = (target: SearchTarget): ReturnType<typeof fileFilter> => fileFilter(target, request);
    return findCandidates(this.#catalog, targets, request, query, accept, this.#arrays);
  }

  rank({ candidates, docs }: Found, query: Query, weights = this.#options.weights): Ranked[] {
    return rank(candidates, query, {
      platform: this.#options.platform ?? process.platform,
      superseded: (folder) => (docs[folder] === undefined ? () => false : supersededBy(docs[folder])),
      isHeaderOnly: (folder) => docs[folder] !== undefined && isHeaderOnlyIn(docs[folder]),
      ...(weights && { weights }),
    });
  }

  /**
   * Code related to a line of `chunk`: near to the chunk by its vector (which is `target`'s query when it has one), or
   * related by calls, tests and types. Each hit has its relations.
   */
  async related(
    target: SearchTarget,
    { chunk, fileId, line }: { readonly chunk: ChunkRow; readonly fileId: number; readonly line: number },
    { limit, includeOwnFile, relation, steps = 1 }: RelatedRequest,
    signal?: AbortSignal,
  ): Promise<SearchHit[]> {
    const { folder, prefix, vectors, texts } = target;
    const accept = (path: string): boolean =>
      path.startsWith(prefix) && (includeOwnFile || path !== chunk.path);
    const vector = await vectors?.query;
    await this.#catalog.lexical.prepare(folder.id);
    const [nearest = [], text] = await Promise.all([
      vector && vectors?.nearest(vector, limit * 5 + 20),
      texts.of(chunk),
    ]);
    // After the collection has answered: it has a deadline, which work in this thread would use up.
    const wanted = { ...(relation && { relation }), steps, accept };
    const from = { fileId, line, lines: chunk };
    const related =
      relation === 'similar' ? [] : await relationsOf(this.#catalog, folder, texts, from, wanted, signal);
    throwIfCancelled(signal, 'Search');
    const place = { chunk, text, vector, nearest };
    const ranked = rankWithRelations(this.#catalog, folder, place, related, accept, relation);
    // The line to show of a caller is that of the call.
    const name = tokens(chunk.symbol?.split('.').at(-1) ?? '').at(-1);
    const weights = new Map(name === undefined ? [] : [[name, 1]]);
    const options = {
      limit,
      weights,
      known: ({ code }: RankedRelated) => code && excerptOfCode(code),
      further: reasonOf,
    };
    return hitsOf<RankedRelated>(this.#catalog, [target], ranked, options, signal);
  }

  /** Moves hits that contain every quoted phrase before the others. */
  async #phrasesFirst(
    targets: readonly SearchTarget[],
    ranked: readonly Ranked[],
    { phrases }: Query,
    signal: AbortSignal | undefined,
  ): Promise<Ranked[]> {
    const holding: Ranked[] = [];
    const rest: Ranked[] = [];
    for (const [i, one] of ranked.entries()) {
      throwIfCancelled(signal, 'Search');
      const chunk = i < phraseReads ? this.#catalog.chunks.get(one.id) : undefined;
      const texts = targets[one.folder]?.texts;
      const text = (chunk && (await texts?.of(chunk)))?.toLowerCase().replace(/\s+/g, ' ') ?? '';
      const holds = phrases.every((phrase) => text.includes(phrase.replace(/\s+/g, ' ')));
      if (holds) holding.push({ ...one, score: one.score + 1, terms: { ...one.terms, phrase: 1 } });
      else rest.push(one);
    }
    return [...holding, ...rest];
  }
}

/** The request's filters as a function; undefined when there are none. */
function fileFilter(
  { prefix }: SearchTarget,
  { languages, glob }: SearchRequest,
): ((file: { readonly path: string; readonly language: string }) => boolean) | undefined {
  if (prefix === '' && languages === undefined && glob === undefined) return undefined;
  const matches =
    glob === undefined ? undefined : picomatch(glob, { dot: true, basename: !glob.includes('/') });
  return ({ path, language }) =>
    path.startsWith(prefix) &&
    (languages === undefined || languages.includes(language)) &&
    (matches === undefined || matches(path.slice(prefix.length)));
}

const supersededIn = perStatistics(({ files }) => supersededPaths(files.map(({ path }) => path)));

/** Looks at all paths of the folder only for a path with a version. */
const supersededBy =
  (docs: FolderStatistics) =>
  (path: string): boolean =>
    /(?:^|\/)v\d+\//.test(path) && supersededIn(docs)(path);

/** Most files that are looked at to know whether headers have the code. */
const mostCounted = 20_000;
const isHeaderOnlyIn = perStatistics(({ files }) => isHeaderOnly(sampleOf(files, mostCounted)));
