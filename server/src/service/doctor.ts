import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { errorMessage } from '../../../shared/src/errors.js';
import type { DoctorResult } from '../../../shared/src/protocol/protocol.js';
import type { Chunker } from '../chunking/chunker.js';
import type { SelectedModel } from './selectedModel.js';
import type { Catalog } from '../catalog/catalog.js';
import { installAdvice } from '../vectors/chroma/chromaLauncher.js';
import type { VectorStore } from '../vectors/vectorStore.js';

export interface DoctorDependencies {
  readonly dataDir: string;
  readonly catalog: Catalog;
  readonly store: VectorStore;
  readonly chunker: Chunker;
  readonly model: SelectedModel;
}

type Check = DoctorResult['checks'][number];

/** Free disk space that indexing should find: about what 100,000 chunks take in catalog and Chroma. */
const wantedFreeBytes = 1024 ** 3;
const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

/** Uses every part once, and says how to repair those that fail. */
export async function runChecks(deps: DoctorDependencies): Promise<DoctorResult> {
  const { dataDir, model } = deps;
  const checks = [
    await check(
      'node',
      () => `${process.version} on ${process.platform}-${process.arch}`,
      'Install Node 20.19 or newer.',
    ),
    await check(
      'data',
      () => writable(dataDir),
      `Make ${dataDir} writable, or set LANTERN_HOME to another folder.`,
    ),
    await check(
      'disk',
      () => freeSpace(dataDir),
      `Free some space, or set LANTERN_HOME to a folder on another disk.`,
    ),
    await check(
      'catalog',
      () => catalogState(deps.catalog),
      'Run "lantern stop"; the next command sets a damaged catalog aside.',
    ),
    await check(
      'grammars',
      () => parsed(deps.chunker),
      'Install Lantern again: files under dist/grammars are missing.',
    ),
    await check(
      'tokenizer',
      () => `${model.name}: ${model.countTokens('hello world')} tokens in "hello world"`,
      'Install the model again.',
    ),
    await check(
      'model',
      () => embedded(model),
      'Install the model again, or choose another in settings.json.',
    ),
    await check('chroma', () => roundTrip(deps.store, model.dimensions), installAdvice()),
  ];
  return { checks };
}

async function check(name: string, run: () => string | Promise<string>, fix: string): Promise<Check> {
  try {
    return { name, ok: true, detail: await run() };
  } catch (error) {
    return { name, ok: false, detail: errorMessage(error), fix };
  }
}

async function writable(dir: string): Promise<string> {
  const folder = await mkdtemp(join(dir, 'doctor-'));
  await writeFile(join(folder, 'probe'), 'x');
  await rm(folder, { recursive: true });
  return dir;
}

async function freeSpace(dir: string): Promise<string> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free < wantedFreeBytes) throw new Error(`only ${gib(free)} free`);
  return `${gib(free)} free`;
}

function catalogState(catalog: Catalog): string {
  const folders = catalog.folders();
  const chunks = folders.reduce((sum, { id }) => sum + catalog.counts(id).chunks, 0);
  if (catalog.setAside !== undefined)
    throw new Error(`it was damaged and stands aside as ${catalog.setAside}`);
  return `${folders.length} folders, ${chunks} chunks`;
}

async function parsed(chunker: Chunker): Promise<string> {
  const text = 'export function probe(): number {\n  return 1;\n}\n';
  const { definitions } = await chunker.chunk({
    path: 'probe.ts',
    language: 'typescript',
    text,
    maxTokens: 256,
    countTokens: (part) => part.length,
  });
  if (!definitions.some(({ name }) => name === 'probe')) throw new Error('TypeScript was not parsed');
  return 'TypeScript parsed';
}

async function embedded(model: SelectedModel): Promise<string> {
  const damaged = await model.findDamage();
  if (damaged !== undefined) throw new Error(`${damaged} is damaged`);
  const began = performance.now();
  const vector = await model.embedQuery('where is the configuration read');
  const length = Math.hypot(...vector);
  if (Math.abs(length - 1) > 1e-3) throw new Error(`a vector of length ${length} instead of 1`);
  const state = model.status();
  const provider =
    state.kind === 'ready'
      ? `${state.provider}${state.note === undefined ? '' : ` (${state.note})`}`
      : state.kind;
  return `${model.name} ${model.dtype} on ${provider}, ${Math.round(performance.now() - began)} ms`;
}

async function roundTrip(store: VectorStore, dimensions: number): Promise<string> {
  const name = `doctor-${randomUUID()}`;
  const spec = { name, dimensions, folder: '', model: 'doctor', chunker: '0', generation: name };
  const vector = new Float32Array(dimensions);
  vector[0] = 1;
  try {
    const { collection } = await store.open(spec);
    await collection.upsert([{ id: 'a', vector, path: 'a', startLine: 1, endLine: 1, language: 'text' }]);
    const [nearest] = await collection.query(vector, 1);
    const status = store.status();
    if (status.kind === 'fallback') throw new Error(`${status.reason}; an exact scan answers instead`);
    if (nearest?.id !== 'a') throw new Error('a vector that was stored was not found');
    return status.kind === 'running' ? `one vector stored and found at ${status.url}` : status.kind;
  } finally {
    await store.drop(name);
  }
}
