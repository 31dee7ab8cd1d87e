import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ChromaClient } from 'chromadb';
import Database from 'libsql';
import { nullLog } from '../../../shared/src/log.js';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import { ChromaProcess } from '../../src/vectors/chroma/chromaProcess.js';
import { toVector } from '../../src/catalog/rows.js';
import type { DaemonClient } from './daemonClient.js';

/** The state of an index, in forms that can be compared. */
export interface EndState {
  /** For each query the path, lines and score of its hits. */
  readonly hits: readonly string[];
  /** Keys and vector digests of the catalog's chunks, and the outbox. */
  readonly catalog: readonly string[];
  readonly untold: number;
  /** Ids in Chroma, and those whose vector differs from the catalog's. */
  readonly chroma: readonly string[];
  readonly unlike: readonly string[];
}

const digestOf = (vector: Float32Array): string =>
  createHash('sha256').update(vector).digest('hex').slice(0, 16);

/** Chroma normalizes vectors again. */
const isLike = (one: Float32Array | undefined, other: readonly number[] | null | undefined): boolean =>
  one?.length === other?.length &&
  one?.every((value, i) => Math.abs(value - (other?.[i] ?? NaN)) < 1e-6) === true;

/** The name without which Chroma shows nothing of what the daemon of `home` keeps there. */
export const tenantOf = (home: string): string =>
  `lantern-${readFileSync(join(home, 'installation-id'), 'utf8').trim()}`;

export async function hitsOf(
  client: DaemonClient,
  path: string,
  queries: readonly string[],
): Promise<string[]> {
  const line = (hit: SearchHit): string => `${hit.path}:${hit.startLine}-${hit.endLine} ${hit.score}`;
  const found: string[] = [];
  for (const query of queries) {
    const { hits } = await client.request('lantern/search', { path, query, wait: true });
    found.push(`${query}: ${hits.map(line).join(', ')}`);
  }
  return found;
}

/** The state on disk of the one folder of `home`, whose daemon has stopped. */
export async function storesOf(home: string): Promise<Omit<EndState, 'hits'>> {
  const db = new Database(join(home, 'catalog.db'));
  const rows = db
    .prepare(
      `SELECT c.key, v.vector FROM chunks c JOIN folders f ON f.id = c.folder_id
       JOIN vectors v ON v.model_id = f.model_id AND v.digest = c.vector_digest ORDER BY c.key`,
    )
    .all([]) as { key: string; vector: unknown }[];
  const vectors = new Map(rows.map(({ key, vector }) => [key, toVector(vector)]));
  const catalog = [...vectors].map(([key, vector]) => `${key} ${digestOf(vector)}`);
  const { n: untold } = db.prepare('SELECT count(*) AS n FROM outbox').get([]) as { n: number };
  const { collection } = db.prepare('SELECT collection FROM folders').get([]) as { collection: string };
  db.close();

  const server = new ChromaProcess({ directory: join(home, 'chroma'), log: nullLog });
  try {
    const { hostname, port } = new URL((await server.ready()).url);
    const client = new ChromaClient({
      host: hostname,
      port: Number(port),
      ssl: false,
      tenant: tenantOf(home),
    });
    const handle = await client.getCollection({ name: collection });
    const { ids, embeddings } = await handle.get({ include: ['embeddings'], limit: 100_000 });
    const unlike = ids.filter((id, i) => !isLike(vectors.get(id), embeddings[i]));
    return { catalog, untold, chroma: [...ids].sort(), unlike };
  } finally {
    await server.dispose();
  }
}
