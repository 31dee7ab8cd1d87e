import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { errorMessage } from '../../../shared/src/errors.js';
import type { DoctorResult } from '../../../shared/src/protocol/protocol.js';
import type { Chunker } from '../chunking/chunker.js';
import type { SelectedModel } from './selectedModel.js';
import type { Catalog } from '../catalog/catalog.js';
import type { SharedVectors } from '../indexing/exchange/sharedVectors.js';
import type { VectorStore } from '../vectors/vectorStore.js';

export interface DoctorDependencies {
  readonly dataDir: string;
  readonly catalog: Catalog;
  readonly store: VectorStore;
  readonly shared?: SharedVectors | undefined;
  readonly chunker: Chunker;
  readonly model: SelectedModel;
}

type Check = DoctorResult['checks'][number];

/** Free disk space that indexing should find: about what 100,000 chunks take in catalog and Chroma. */
const wantedFreeBytes = 1024 ** 3;
/** The same as `engines` in package.json. */
const oldestNode = { major: 20, minor: 19 } as const;
const gib = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;

/** Uses every part once, and says how to repair those that fail. */
export async function runChecks(deps: DoctorDependencies): Promise<DoctorResult> {
  const { dataDir, model } = deps;
  const checks = [
    await check('node', nodeVersion, 'Install Node 20.19 or newer.'),
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
      'Index your folders again; the file that stands aside may be deleted.',
    ),
    await check(
      'grammars',
      () => parsed(deps.chunker),
      'Install Lantern again: files under dist/grammars are missing.',
    ),
    await check(
      'tokenizer',
      () => `${model.name}: ${model.countTokens('hello world')} tokens in "hello world"`,
      modelAdvice(model),
    ),
    await check('model', () => embedded(model), modelAdvice(model)),
    // The error says what to do.
    await check(
      'chroma',
      () => roundTrip(deps.store, model.dimensions),
      'Until then an exact scan answers, which takes longer in large folders.',
    ),
  ];
  const { shared } = deps;
  // The error says what to do.
  if (shared !== undefined)
    checks.push(
      await check('shared vectors', () => sharing(shared), 'Until then all vectors are made here.'),
    );
  return { checks };
}

async function sharing(shared: SharedVectors): Promise<string> {
  await shared.ping();
  const status = shared.status();
  if (status.kind !== 'used') throw new Error(status.reason);
  return `${status.url}: ${status.taken} taken, ${status.given} given since the start`;
}

async function check(name: string, run: () => string | Promise<string>, fix: string): Promise<Check> {
  try {
    return { name, ok: true, detail: await run() };
  } catch (error) {
    return { name, ok: false, detail: errorMessage(error), fix };
  }
}

/** For each of the ways by which the model can have come. */
const modelAdvice = ({ folder }: SelectedModel): string =>
  process.platform === 'darwin' && process.arch === 'x64'
    ? 'onnxruntime has no build for Macs with an Intel processor. Searches go by words.'
    : `The model is in ${folder}. If it came with Lantern, install Lantern again; if it was downloaded, delete that folder and ` +
      'run "lantern stop"; or name another in settings.json. Until then searches go by words.';

function nodeVersion(): string {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const said = `${process.version} on ${process.platform}-${process.arch}`;
  if (major < oldestNode.major || (major === oldestNode.major && minor < oldestNode.minor))
    throw new Error(said);
  return said;
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

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

function catalogState(catalog: Catalog): string {
  const folders = catalog.folders();
  const chunks = folders.reduce((sum, { id }) => sum + catalog.counts(id).chunks, 0);
  if (catalog.setAside !== undefined)
    throw new Error(`it was damaged, began anew, and stands aside as ${catalog.setAside}`);
  return `${count(folders.length, 'folder')}, ${count(chunks, 'chunk')}`;
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
  const { collection } = await store.open(spec);
  const opened = store.status();
  if (opened.kind === 'fallback') throw new Error(opened.reason);
  try {
    await collection.upsert([{ id: 'a', vector, path: 'a', startLine: 1, endLine: 1, language: 'text' }]);
    const [nearest] = await collection.query(vector, 1);
    const status = store.status();
    if (status.kind === 'fallback') throw new Error(status.reason);
    if (nearest?.id !== 'a')
      throw new Error('A vector that was stored was not found. Run "lantern stop" and try again.');
    return status.kind === 'running' ? `one vector stored and found at ${status.url}` : status.kind;
  } finally {
    await store.drop(name);
  }
}
