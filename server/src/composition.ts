import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../../shared/src/protocol/build.js';
import type { Disposable } from '../../shared/src/disposable.js';
import { LanternError, errorMessage, systemCode } from '../../shared/src/errors.js';
import type { Log } from '../../shared/src/log.js';
import { type Settings, mergeSettings } from '../../shared/src/settings/settings.js';
import { collectGarbage } from './service/garbage.js';
import type { Services } from './daemon/daemon.js';
import { MemoryBudget } from './daemon/memoryBudget.js';
import { Service } from './service/service.js';
import { WorkCounter } from './daemon/workCounter.js';
import { runChecks } from './service/doctor.js';
import { Groups } from './service/groups.js';
import { Refusals } from './service/refusals.js';
import { Chunker } from './chunking/chunker.js';
import { Folders } from './indexing/folders.js';
import { SharedVectors, type SharedVectorsOptions } from './indexing/exchange/sharedVectors.js';
import { WriteThread } from './indexing/threads/writeThread.js';
import { ScanThreads } from './indexing/threads/scanThreads.js';
import { Parsers } from './syntax/parsers.js';
import type { EmbeddingSession } from './model/embeddingSession.js';
import { ModelCache } from './model/modelCache.js';
import { ModelLoader } from './model/modelLoader.js';
import { ModelRegistry } from './model/registry.js';
import { modelsDir, packageRoot } from './paths.js';
import { Searcher } from './search/searcher.js';
import { SelectedModel } from './service/selectedModel.js';
import { Catalog } from './catalog/catalog.js';
import { ChromaConnection } from './vectors/chroma/chromaConnection.js';
import { ChromaProcess } from './vectors/chroma/chromaProcess.js';
import { RemoteChroma } from './vectors/chroma/chromaRemote.js';
import { ChromaStore } from './vectors/chroma/chromaStore.js';
import { SharedCollection } from './vectors/chroma/sharedCollection.js';
import { ExactStore } from './vectors/exactStore.js';
import { FallbackStore } from './vectors/fallbackStore.js';

/** Vectors that no chunk has used for this long are deleted. */
const unusedVectorDays = 30;
const longestTidyMs = 2000;
/** The daemon is at rest when no job has run for this long. */
const restMs = 2000;
/** When no query has come for this long, Chroma releases all indexes but those of the last few folders. */
const releaseMs = 60_000;
/** Above the memory budget, a model that has been idle for this long is unloaded. */
const idleUnderPressureMs = 5000;

/** Shared vectors that take longer to answer than this are as good as none. It is tried twice. */
const sharedTimeoutMs = 5000;

/** The composition root: makes every part of the daemon and joins them. */
export async function createServices(
  dataDir: string,
  log: Log,
  busy: (job: string) => Disposable,
): Promise<Services> {
  const settings = readSettings(join(dataDir, 'settings.json'));
  const registry = new ModelRegistry({ modelsDir: modelsDir(import.meta.url), dataDir, log });
  const loader = new ModelLoader({ registry, settings: () => settings.model, log });
  const models = new ModelCache<EmbeddingSession>({ log, loader: (id) => loader.load(id) });
  const model = await SelectedModel.open(settings.model, registry, loader, models);
  const catalog = new Catalog(dataDir, log);
  const chroma =
    settings.chroma.url === '' ? new ChromaProcess({ directory: join(dataDir, 'chroma'), log }) : undefined;
  const server = chroma ?? new RemoteChroma(settings.chroma.url);
  const isLocal = chroma !== undefined;
  const installation = installationId(dataDir);
  const { database, apiKey } = settings.chroma;
  const tenant = isLocal ? ownTenant(installation) : settings.chroma.tenant;
  const chromaStore = new ChromaStore(server, { tenant, database, apiKey, log });
  const store = new FallbackStore(
    chromaStore,
    new ExactStore({
      blocks: (spec) => {
        const folder = catalog.folder(spec.folder);
        return folder === undefined ? [] : catalog.vectors.blocks(folder, spec.dimensions);
      },
      count: (spec) => {
        const folder = catalog.folder(spec.folder);
        return folder === undefined ? 0 : catalog.countVectors(folder);
      },
    }),
    log,
  );
  const grammarDir = join(packageRoot(import.meta.url), 'dist', 'grammars');
  const parsers = new Parsers(grammarDir, log);
  const chunker = new Chunker(parsers);
  const indexing = { ...settings.index, storeDocuments: settings.chroma.storeDocuments };
  const work = new WorkCounter(busy);
  const { maxFileBytes } = settings.index;
  const bulkReader = new ScanThreads({
    data: { grammarDir, modelFolder: model.folder, maxTokens: model.maxTokens, maxFileBytes },
    log,
  });
  const writeThread = new WriteThread({ catalog, dataDir, log });
  const shared = sharedVectors(settings, dataDir, model, { catalog, writer: writeThread.writer, log });
  const dropped = catalog.vectors.dropUnused(unusedVectorDays);
  const folders = new Folders({
    catalog,
    writer: writeThread.writer,
    store,
    chunker,
    bulkReader,
    embedder: model,
    modelKey: model.key,
    owner: isLocal ? '' : installation,
    settings: indexing,
    shared,
    log,
    busy: (job) => work.begin(job),
  });
  const forgetting = shared?.onDidForget((folderIds) => folders.renewed(folderIds));
  const recovering = store.onShouldReopen((collection) => folders.reattach(collection));
  const service = new Service({
    settings,
    dataDir,
    version: build.version,
    catalog,
    folders,
    searcher: new Searcher(catalog),
    // A full collection of garbage, for 50 ms at rest, holds up a search.
    onSearch: () => work.postpone(),
    model,
    groups: new Groups(join(dataDir, 'groups.json'), log),
    refusals: new Refusals(join(dataDir, 'refused.json'), log),
    log,
    sharedVectors: () => shared?.status(),
    vectorServer: {
      status: () => {
        const status = store.status();
        const detail =
          'reason' in status ? status.reason : 'error' in status ? status.error.message : undefined;
        return { kind: status.kind, ...(detail !== undefined && { detail }) };
      },
      info: async () => chroma?.info(),
      remote: server instanceof RemoteChroma ? server.url : undefined,
      sizeBytes: () => folderSize(join(dataDir, 'chroma')),
      stop: async () => {
        // Counts as work, whose garbage is collected afterwards: a full collection holds up requests for 100 ms.
        work.begin('clear').dispose();
        if (!work.running) await chroma?.stopIdle(0);
      },
    },
  });
  const budget = new MemoryBudget({
    limitBytes: settings.daemon.memoryBudgetMiB * 1024 * 1024,
    measure: async () => process.memoryUsage.rss() + ((await chroma?.info())?.rssBytes ?? 0),
    // Smaller batches would free nothing: the model gets one text at a time.
    reliefs: [
      {
        name: 'caches',
        everyMs: 60_000,
        run: async () => {
          catalog.releaseMemory();
          await collectGarbage();
          return true;
        },
      },
      {
        name: 'model',
        everyMs: 60_000,
        run: async () => (await models.unloadIdle(idleUnderPressureMs)) > 0,
      },
      {
        name: 'chroma',
        everyMs: 600_000,
        // A running server keeps every index that it has loaded.
        run: async () => {
          if (work.running || chroma?.status().kind !== 'running') return false;
          await chroma.restart('memory above the budget');
          return true;
        },
      },
    ],
    log,
  });
  // Folders may have been removed while Chroma was away, in this or an earlier daemon.
  let hasStrangers = true;
  const away = store.onDidChangeStatus(({ kind }) => (hasStrangers ||= kind === 'fallback'));
  const idleUnloadMs = settings.model.idleUnloadMinutes * 60_000;
  log.write('info', 'services.ready', {
    model: model.key,
    folders: catalog.folders().length,
    dropped,
  });

  return {
    service,
    settings,
    doctor: () => runChecks({ dataDir, catalog, store, shared, chunker, model }),
    tidy: async () => {
      if (idleUnloadMs > 0) {
        await models.unloadIdle(idleUnloadMs);
        if (!work.running) await chroma?.stopIdle(idleUnloadMs);
      }
      if (!work.running) await chromaStore.releaseIndexes(releaseMs);
      if (!work.running && hasStrangers && chroma?.status().kind === 'running') {
        hasStrangers = false;
        await chromaStore.dropUnknown((name) =>
          catalog.folders().some(({ collection }) => collection === name),
        );
      }
      // After a burst of work V8 keeps 20 to 40 MB of garbage until the next one, and SQLite the pages that it wrote.
      if (work.takeEnded(restMs)) {
        catalog.releaseMemory();
        await collectGarbage();
      }
      await budget.check();
    },
    tidyMs: idleUnloadMs > 0 ? Math.min(longestTidyMs, idleUnloadMs) : longestTidyMs,
    dispose: async () => {
      await folders.dispose();
      await shared?.dispose();
      forgetting?.dispose();
      await bulkReader.dispose();
      await writeThread.dispose();
      await store.dispose();
      await server.dispose();
      model.dispose();
      await models.dispose();
      recovering.dispose();
      away.dispose();
      parsers.dispose();
      catalog.dispose();
    },
  };
}

/** Undefined unless the user's settings name a server for them. */
function sharedVectors(
  { sharedVectors: { url, access, tenant, database, apiKey } }: Settings,
  dataDir: string,
  { key, dimensions }: SelectedModel,
  parts: Pick<SharedVectorsOptions, 'catalog' | 'writer' | 'log'>,
): SharedVectors | undefined {
  if (url === '') return undefined;
  const server = new RemoteChroma(url, 'sharedVectors');
  const options = {
    tenant,
    database,
    apiKey,
    log: parts.log,
    settings: 'sharedVectors',
    callTimeoutMs: sharedTimeoutMs,
  } as const;
  const connection = new ChromaConnection(server, options, () => undefined);
  return new SharedVectors({
    source: new SharedCollection(connection, { model: key, dimensions }),
    url: server.url,
    mayGive: access === 'readwrite',
    file: join(dataDir, 'shared-vectors.json'),
    ...parts,
  });
}

/**
 * Distinguishes this machine's collections from those of others on a shared server, and hides those of our own server.
 * Made once and kept in a file that only the user can read.
 */
export function installationId(dataDir: string): string {
  const file = join(dataDir, 'installation-id');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    const id = randomUUID();
    writeFileSync(file, `${id}\n`, { mode: 0o600 });
    return id;
  }
}

/** Our server wants no password. It shows no tenant to whoever does not know its name, and nothing without a tenant. */
export const ownTenant = (installation: string): string => `lantern-${installation}`;

function readSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return mergeSettings({}, file);
    throw new LanternError('not-readable', `${file} could not be read: ${errorMessage(error)}.`, {
      cause: error,
    });
  }
  let chosen: unknown;
  try {
    chosen = JSON.parse(text);
  } catch (error) {
    throw new LanternError(
      'bad-request',
      `${file} is no JSON: ${errorMessage(error)}. Repair or remove it.`,
      {
        cause: error,
      },
    );
  }
  return mergeSettings(chosen, file);
}

/** Bytes of all files below a folder; 0 when there is none. */
async function folderSize(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries.map(async (entry) => {
    if (!entry.isFile()) return 0;
    return stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
