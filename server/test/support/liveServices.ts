import { readFileSync, realpathSync, rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import Database from 'libsql';
import { disposeOnce } from '../../../shared/src/disposable.js';
import type { SearchResult } from '../../../shared/src/protocol/protocol.js';
import { createServices } from '../../src/composition.js';
import type { Services } from '../../src/daemon/daemon.js';
import { until } from './daemonClient.js';
import { type LogEvent, recordingLog } from './testLog.js';
import { tenantOf } from './recoveryState.js';

/** The daemon's services in this process, as the composition root makes them: real model, Chroma, SQLite and threads. */
export class LiveServices {
  readonly home: string;
  /** Jobs that run now. */
  readonly jobs = new Set<object>();
  readonly #log = recordingLog();
  #services: Services | undefined;

  constructor(home = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-live-')))) {
    this.home = home;
  }

  get service(): Services['service'] {
    if (this.#services === undefined) throw new Error('the services are not open');
    return this.#services.service;
  }

  get doctor(): Services['doctor'] {
    if (this.#services === undefined) throw new Error('the services are not open');
    return this.#services.doctor;
  }

  async open(): Promise<void> {
    this.#services = await createServices(this.home, this.#log.log, () => {
      const job = {};
      this.jobs.add(job);
      return disposeOnce(() => this.jobs.delete(job));
    });
  }

  logged(event: string): LogEvent[] {
    return this.#log.events('info', 'warn', 'error').filter((entry) => entry.event === event);
  }

  index(path: string): Promise<unknown> {
    return this.service.index({ path }, () => undefined);
  }

  search(path: string, query: string, wait = true): Promise<SearchResult> {
    return this.service.search({ path, query, wait }, { folders: () => [] });
  }

  /** Paths, lines and scores of the hits for each query. */
  async hits(path: string, queries: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const query of queries) {
      const { hits } = await this.search(path, query);
      found.push(`${query}: ${hits.map((hit) => `${hit.path}:${hit.startLine} ${hit.score}`).join(', ')}`);
    }
    return found;
  }

  async close(): Promise<void> {
    const services = this.#services;
    this.#services = undefined;
    await services?.dispose();
  }

  async dispose(): Promise<void> {
    await this.close();
    rmSync(this.home, { recursive: true, force: true });
  }

  /** Waits until the folder's collection has what the catalog wants, for `seconds` at most. */
  async collectionFilled(path: string, seconds: number): Promise<void> {
    const isFilled = async (): Promise<boolean> => {
      const { found, wanted } = await this.collection(path);
      return found.join() === wanted.join();
    };
    // While Chroma is away, it has nothing.
    await until('the collection equals the catalog', () => isFilled().catch(() => false), seconds);
  }

  /** Ids in the folder's collection, as the running server has them, beside those that the catalog wants. */
  async collection(path: string): Promise<{ found: string[]; wanted: string[] }> {
    const { port } = JSON.parse(readFileSync(join(this.home, 'chroma', 'chroma.pid.json'), 'utf8')) as {
      port: number;
    };
    const db = new Database(join(this.home, 'catalog.db'));
    try {
      const keys = `SELECT key, collection FROM chunks JOIN folders ON folders.id = folder_id WHERE path = ? ORDER BY key`;
      const rows = db.prepare(keys).all([path]) as { key: string; collection: string }[];
      const client = new ChromaClient({ host: '127.0.0.1', port, ssl: false, tenant: tenantOf(this.home) });
      const handle = await client.getCollection({ name: rows[0]?.collection ?? '' });
      const { ids } = await handle.get({ include: [], limit: 100_000 });
      return { found: [...ids].sort(), wanted: rows.map(({ key }) => key) };
    } finally {
      db.close();
    }
  }
}
