import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log, LogFields } from '../../../shared/src/log.js';
import { ChromaProcess } from '../../src/vectors/chroma/chromaProcess.js';
import type { ChromaProcessOptions } from '../../src/vectors/chroma/chromaProcess.js';
import { ChromaStore } from '../../src/vectors/chroma/chromaStore.js';
import { isAlive } from '../../src/vectors/chroma/processes.js';
import type { CollectionSpec, VectorRecord } from '../../src/vectors/vectorStore.js';
import { componentsOf, fromInt8, toInt8 } from '../../src/catalog/int8.js';
import type { VectorBlock } from '../../src/catalog/vectorTable.js';

/** Temporary folders and servers, which are removed after each test. */
export class ChromaTestBed {
  readonly events: { readonly event: string; readonly fields: LogFields | undefined }[] = [];
  readonly log: Log = { write: (_level, event, fields) => void this.events.push({ event, fields }) };
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'lantern-chroma-'));
    this.#cleanups.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
    return folder;
  }

  server(directory: string, options: Partial<ChromaProcessOptions> = {}): ChromaProcess {
    const server = new ChromaProcess({ directory, log: this.log, ...options });
    this.#cleanups.push(() => server.dispose());
    return server;
  }

  store(server: ChromaProcess): ChromaStore {
    return new ChromaStore(server, {
      tenant: 'default_tenant',
      database: 'default_database',
      apiKey: '',
      log: this.log,
    });
  }

  onCleanup(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  logged(event: string): boolean {
    return this.events.some((entry) => entry.event === event);
  }

  async dispose(): Promise<void> {
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
  }
}

export function spec(name: string, dimensions: number, generation = 'g1'): CollectionSpec {
  return { name, dimensions, folder: '/home/me/app', model: 'model/int8', chunker: '1', generation };
}

/** Unit vectors in clusters, like those of code, as the catalog keeps them; the same for the same seed. */
export function clusteredVectors(
  count: number,
  dimensions: number,
  seed: number,
  spread = 0.7,
): Float32Array[] {
  const random = randomNumbers(seed);
  const gauss = (): number => Math.sqrt(-2 * Math.log(random() + 1e-12)) * Math.cos(2 * Math.PI * random());
  const vector = (make: (i: number) => number): Float32Array =>
    fromInt8(toInt8(unit(Float32Array.from({ length: dimensions }, (_, i) => make(i)))));
  const centres = Array.from({ length: Math.max(2, Math.ceil(count / 40)) }, () => vector(gauss));
  return Array.from({ length: count }, () => {
    const centre = centres[Math.floor(random() * centres.length)] ?? new Float32Array(dimensions);
    return vector((i) => (centre[i] ?? 0) + (spread * gauss()) / Math.sqrt(dimensions));
  });
}

export function records(vectors: readonly Float32Array[], prefix = 'c'): VectorRecord[] {
  return vectors.map((vector, i) => ({
    id: `${prefix}${i}`,
    vector,
    path: `src/file${Math.floor(i / 10)}.ts`,
    startLine: 1 + (i % 10) * 20,
    endLine: 20 + (i % 10) * 20,
    language: i % 3 === 0 ? 'python' : 'typescript',
  }));
}

/** The records as a catalog gives them. */
export function block(of: readonly VectorRecord[]): VectorBlock {
  const dimensions = of[0]?.vector.length ?? 0;
  const components = new Int8Array(of.length * dimensions);
  of.forEach((record, i) => components.set(componentsOf(toInt8(record.vector)), i * dimensions));
  return { ids: of.map((record) => record.id), components, languages: of.map((record) => record.language) };
}

/** Waits until `condition` holds, and fails after `ms`. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  ms = 15_000,
): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${ms} ms in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function untilGone(pid: number): Promise<void> {
  await until(`process ${pid} is gone`, async () => !(await isAlive(pid)));
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}

function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    // xorshift32: short, and enough for test data.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4294967296;
  };
}
