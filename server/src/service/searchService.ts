import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import type { SearchHit, SearchParams, SearchResult } from '../../../shared/src/protocol/protocol.js';
import { type FolderView, longestWaitMs } from '../indexing/folders.js';
import type { SearchRequest } from '../search/request.js';
import type { Searcher } from '../search/searcher.js';
import { resolveLanguage } from '../syntax/languages.js';
import {
  type Caller,
  type FolderAccess,
  type QueryVector,
  collectionLate,
  collectionMs,
  longestCollectionMs,
  timeout,
} from './folderAccess.js';
import type { SelectedModel } from './selectedModel.js';

export interface SearchServiceDependencies {
  readonly access: FolderAccess;
  readonly searcher: Searcher;
  readonly model: SelectedModel;
  readonly log: Log;
}

export const defaultLimit = 10;
/** How often a search in a folder that is read for the first time looks for more hits. */
const retryEveryMs = 10;

/** Answers `lantern/search`. */
export class SearchService {
  readonly #deps: SearchServiceDependencies;

  constructor(deps: SearchServiceDependencies) {
    this.#deps = deps;
  }

  async search(params: SearchParams, caller: Caller, signal?: AbortSignal): Promise<SearchResult> {
    const { access } = this.#deps;
    const began = performance.now();
    const request = toRequest(params);
    const wait = params.wait === true;
    const { patienceMs } = params;
    const isGroup = params.group !== undefined || params.all === true;
    const found: { views: FolderView[]; reason?: string } = isGroup
      ? await access.viewsOf(params.group)
      : { views: await access.views(params.path, caller, wait || patienceMs !== undefined) };
    const { views } = found;
    let { reason } = found;
    const rescanOne = async ({ folder }: FolderView): Promise<void> => {
      try {
        await access.rescan(folder, { wait, mode: request.mode, signal, patienceMs: left() });
      } catch (error) {
        // What is indexed answers, although the index cannot go on.
        if (signal?.aborted === true || folder.filesTotal === 0) throw error;
        reason = errorMessage(error);
      }
    };
    const rescan = async (): Promise<void> => {
      // Each may take as long as a search waits, and the search waits for all of them together.
      if (!wait) await Promise.all(views.map(rescanOne));
      else for (const view of views) await rescanOne(view);
    };
    const left = (): number => Math.max(0, (patienceMs ?? 0) - (performance.now() - began));
    if (wait) await rescan();
    // No model is loaded to search nothing.
    const embedding = views.length === 0 ? noVector() : this.#queryVector(request, wait, left(), signal);
    const queryVector = embedding.then(({ value }) => value);
    queryVector.catch(() => undefined);
    if (!wait) await rescan();
    // Terms are looked up meanwhile, but not seconds before: the folder may change while a model is loaded.
    if (this.#deps.model.status().kind !== 'ready') await queryVector;
    const deadline = (): number => (wait ? longestCollectionMs : Math.max(collectionMs, left()));
    const late = (): void => {
      reason ??= collectionLate;
    };
    const search = (): Promise<SearchHit[]> => {
      const targets = views.map((view) => access.target(view, queryVector, deadline(), late));
      return this.#deps.searcher.search(targets, request, signal);
    };
    let hits = await search();
    while (hits.length < request.limit && views.some((view) => access.isBeginning(view))) {
      if (performance.now() - began > longestWaitMs) break;
      await timeout(retryEveryMs);
      hits = await search();
    }
    for (const view of views) access.want(view, hits);
    const vector = await embedding;
    return {
      hits,
      coverage: access.coverage(views, vector, vector.reason ?? reason),
      elapsedMs: Math.round((performance.now() - began) * 10) / 10,
    };
  }

  /**
   * The query's vector when the model is loaded, or why there is none. A hybrid search that does not wait starts
   * loading the model, and answers without it when it is not there within `patienceMs`.
   */
  async #queryVector(
    request: SearchRequest,
    wait: boolean,
    patienceMs: number,
    signal: AbortSignal | undefined,
  ): Promise<QueryVector> {
    if (request.mode === 'lexical') return { value: undefined };
    const { model, log } = this.#deps;
    if (!wait && request.mode === 'hybrid' && model.status().kind !== 'ready') {
      const loaded = model.preload().then(
        () => true,
        () => true,
      );
      const isThere = patienceMs > 0 && (await Promise.race([loaded, timeout(patienceMs)])) === true;
      if (!isThere) return { value: undefined, reason: 'the model is being loaded' };
    }
    try {
      return { value: await model.embedQuery(request.query, signal) };
    } catch (error) {
      if (request.mode === 'semantic' || signal?.aborted === true) throw error;
      log.write('warn', 'query.words-only', { cause: errorMessage(error) });
      return { value: undefined, reason: errorMessage(error) };
    }
  }
}

const noVector = (): Promise<QueryVector> => Promise.resolve({ value: undefined });

function toRequest({ query, limit, mode, language, glob, minMatch, explain }: SearchParams): SearchRequest {
  const languages = language === undefined ? undefined : resolveLanguage(language);
  if (languages?.length === 0) {
    throw new LanternError(
      'bad-request',
      `Unknown language "${language ?? ''}". Try a name such as typescript, or an ending such as ts.`,
    );
  }
  return {
    query,
    limit: limit ?? defaultLimit,
    mode: mode ?? 'hybrid',
    ...(languages && { languages }),
    ...(glob !== undefined && { glob }),
    ...(minMatch !== undefined && minMatch !== 'weak' && { minMatch }),
    ...(explain === true && { explain }),
  };
}
