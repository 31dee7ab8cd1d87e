import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LanternError } from '../../../shared/src/errors.js';
import type { FindRelatedParams, SearchResult } from '../../../shared/src/protocol/protocol.js';
import type { Catalog } from '../catalog/catalog.js';
import type { FolderView, Folders } from '../indexing/folders.js';
import type { Searcher } from '../search/searcher.js';
import { type Caller, type FolderAccess, collectionLate, collectionMs, notIndexed } from './folderAccess.js';
import { defaultLimit } from './searchService.js';

export interface RelatedServiceDependencies {
  readonly access: FolderAccess;
  readonly catalog: Catalog;
  readonly folders: Folders;
  readonly searcher: Searcher;
}

/** Answers `lantern/findRelated`: code that calls a place or is called by it, tests it, defines its types or is like it. */
export class RelatedService {
  readonly #deps: RelatedServiceDependencies;

  constructor(deps: RelatedServiceDependencies) {
    this.#deps = deps;
  }

  async findRelated(params: FindRelatedParams, caller: Caller, signal?: AbortSignal): Promise<SearchResult> {
    const { access, catalog, folders, searcher } = this.#deps;
    const began = performance.now();
    const [view] = await access.views(params.path, caller, false);
    if (view === undefined) throw notIndexed(params.path);
    const { folder } = view;
    await access.rescan(folder, { wait: false, mode: 'hybrid', signal, patienceMs: 0 });
    // By its real path: the editor may have opened the folder through a link.
    const place = await folders.find(resolve(params.path, params.file));
    const path = place?.folder === folder ? place.prefix.slice(0, -1) : '';
    const row = folder.indexer.folder;
    const file = catalog.files.get(row.id, path);
    if (file === undefined) {
      const why = this.#whyUnknown(view, path);
      throw new LanternError('not-found', `${params.file} is not indexed in ${folder.path}: ${why}`);
    }
    const chunk = catalog.chunks.at(file.id, params.line);
    const vector = chunk && catalog.vectors.get(row, chunk.vectorDigest);
    let late: string | undefined;
    const target = access.target(view, vector, collectionMs, () => (late = collectionLate));
    const limit = params.limit ?? defaultLimit;
    const { relation, steps, line } = params;
    const includeOwnFile = params.includeOwnFile ?? (relation !== undefined || steps !== undefined);
    const hits =
      chunk === undefined
        ? []
        : await searcher.related(
            target,
            { chunk, fileId: file.id, line },
            { limit, includeOwnFile, ...(relation && { relation }), ...(steps && { steps }) },
            signal,
          );
    const reason = vector === undefined ? 'this place has no vector yet' : late;
    return {
      hits,
      coverage: access.coverage([view], { value: vector }, reason),
      elapsedMs: Math.round(performance.now() - began),
    };
  }

  /** Why the catalog has no file at this path below the folder, as the end of a sentence; '' is a path elsewhere. */
  #whyUnknown(view: FolderView, path: string): string {
    const { access, catalog } = this.#deps;
    const { path: root, indexer } = view.folder;
    if (path === '') return 'it lies outside.';
    const skipped = catalog.files.skipped(indexer.folder.id).get(path);
    if (skipped !== undefined) return `it was left out (${skipped.reason}).`;
    if (!existsSync(join(root, path))) return 'there is no such file.';
    const { filesTotal, filesUnread, isCounting } = access.coverage([view], { value: undefined });
    if (isCounting === true || filesUnread > 0)
      return `it may not have been read yet (${filesTotal - filesUnread} files so far). Ask again in a moment.`;
    return 'it may be excluded or new.';
  }
}
