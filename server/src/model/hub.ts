import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  cancelled,
  errorMessage,
  LanternError,
  systemCode,
  throwIfCancelled,
} from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';
import { optionalFiles, requiredFiles, weightNames } from './modelFolder.js';
import type { Dtype } from './modelId.js';

/** Progress of a download, over all files of the model. */
export interface DownloadProgress {
  readonly model: string;
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** One commit of a repository on the Hub. */
export interface HubListing {
  readonly revision: string;
  readonly files: readonly HubFile[];
}

export interface HubFile {
  readonly path: string;
  readonly bytes?: number | undefined;
  /** SHA-256 of a large file. */
  readonly sha256?: string | undefined;
  /** Git's digest of a small file. */
  readonly gitSha1?: string | undefined;
}

/** File beside a downloaded model's files with their `HubListing`. */
const manifestName = 'lantern.json';

/** The first file in `folder` that differs from the download; `undefined` when none does. */
export async function damagedFile(folder: string): Promise<string | undefined> {
  const manifest = join(folder, manifestName);
  let listing: HubListing;
  try {
    listing = JSON.parse(await readFile(manifest, 'utf8')) as HubListing;
  } catch {
    return manifest;
  }
  for (const file of listing.files) {
    const path = join(folder, ...file.path.split('/'));
    const data = await readFile(path).catch(() => undefined);
    if (!data || flawOf(data, file)) return path;
  }
  return undefined;
}

/** Most bytes of the list of a model's files, and of a file. */
const mostListingBytes = 16 * 1024 * 1024;
const mostFileBytes = 4 * 1024 * 1024 * 1024;

/** Downloads models from the Hub with the client of @xenova/transformers. Only for a model that the user named. */
export class Hub {
  readonly #host: string;
  readonly #log: Log;

  /** `host` ends in `/`. */
  constructor(log: Log, host = 'https://huggingface.co/') {
    this.#log = log;
    this.#host = host.endsWith('/') ? host : `${host}/`;
  }

  /** The commit of `revision` (a branch, tag or commit), and its files. */
  async list(name: string, revision: string, signal?: AbortSignal): Promise<HubListing> {
    const { getFile } = await import('@xenova/transformers/src/utils/hub.js');
    const path = `api/models/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
    const response = await this.#reach(name, getFile(this.#host + path), signal);
    if ([401, 403, 404].includes(response.status)) {
      throw new LanternError(
        'unknown-model',
        `The Hub has no public model "${name}" at revision "${revision}" (it answered ${response.status}). ` +
          'Check lantern.model.name, or set HF_TOKEN for a private one.',
      );
    }
    if (!response.ok) throw unusable(name, `it answered ${response.status}`);
    const text = await this.#reach(name, textOf(response, mostListingBytes), signal);
    if (text === undefined) throw unusable(name, `its list of files has more than ${mostListingBytes} bytes`);
    const body: unknown = await this.#reach(name, Promise.resolve(text).then(JSON.parse), signal);
    return readListing(name, body);
  }

  /**
   * Downloads the files of one commit and dtype into `folder`, which appears completely or not at all. Files that an
   * earlier attempt finished are kept in `folder.partial` and not downloaded again.
   */
  async download(
    name: string,
    listing: HubListing,
    dtype: Dtype,
    folder: string,
    options: DownloadOptions = {},
  ): Promise<void> {
    const started = performance.now();
    const files = chooseFiles(name, listing, dtype);
    const totalBytes = files.reduce((sum, file) => sum + (file.bytes ?? 0), 0);
    const partial = `${folder}.partial`;
    let finished = 0;
    try {
      for (const file of files) {
        const target = join(partial, ...file.path.split('/'));
        const report = (loaded: number): void =>
          options.onProgress?.({
            model: name,
            file: file.path,
            loadedBytes: finished + loaded,
            totalBytes: Math.max(totalBytes, finished + loaded),
          });
        if (!(await alreadyThere(target, file))) {
          const data = await this.#fetch(name, listing.revision, file, report, options.signal);
          await place(target, data);
        }
        finished += file.bytes ?? (await stat(target)).size;
        report(0);
      }
      await place(join(partial, manifestName), Buffer.from(JSON.stringify({ ...listing, files })));
      await moveInto(partial, folder);
    } catch (error) {
      if (systemCode(error) === 'ENOSPC') {
        throw new LanternError(
          'disk-full',
          `The disk is full: the model ${name} needs ${Math.ceil(totalBytes / 1e6)} MB in ${dirname(folder)}. ` +
            'Free some space, or move Lantern with LANTERN_HOME.',
          { cause: error },
        );
      }
      throw error;
    }
    const ms = Math.round(performance.now() - started);
    this.#log.write('info', 'model.download', {
      model: name,
      revision: listing.revision,
      dtype,
      bytes: finished,
      ms,
    });
  }

  async #fetch(
    name: string,
    revision: string,
    file: HubFile,
    report: (loaded: number) => void,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    throwIfCancelled(signal, `Downloading ${name}`);
    const { getModelFile } = await import('@xenova/transformers/src/utils/hub.js');
    const { env } = await import('@xenova/transformers/src/env.js');
    const saved = { ...env };
    Object.assign(env, {
      remoteHost: this.#host,
      allowRemoteModels: true,
      allowLocalModels: false,
      useFSCache: false,
      useBrowserCache: false,
      useCustomCache: false,
    });
    let data: Promise<Uint8Array>;
    try {
      // The library reads `env` before its first await, so no other call sees these settings.
      data = getModelFile(name, file.path, true, {
        revision,
        progress_callback: (progress) => {
          throwIfCancelled(signal, `Downloading ${name}`);
          const { loaded } = progress;
          if (loaded === undefined) return;
          const most = file.bytes ?? mostFileBytes;
          // Its digest would show that it is another file, but only when all of it is in memory.
          if (loaded > most) throw unusable(name, `${file.path} has more than ${most} bytes`);
          report(loaded);
        },
      });
    } finally {
      Object.assign(env, saved);
    }
    const bytes = await this.#reach(name, data, signal);
    const flaw = flawOf(bytes, file);
    if (flaw) throw unusable(name, `${file.path} ${flaw}`);
    return bytes;
  }

  /** Waits for the network, and turns its failures into errors that a user can act on. */
  async #reach<T>(name: string, work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await untilCancelled(work, signal, `Downloading ${name}`);
    } catch (error) {
      if (error instanceof LanternError) throw error;
      const cause = error instanceof Error && error.cause ? `: ${errorMessage(error.cause)}` : '';
      throw new LanternError(
        'offline',
        `The model ${name} could not be downloaded from ${this.#host} (${errorMessage(error)}${cause}). ` +
          'Connect and try again, or set lantern.model.name to the bundled model or to a folder on this machine.',
        { cause: error },
      );
    }
  }
}

/** The files to download for a dtype. Throws `unknown-model` when the repository has no usable ones. */
export function chooseFiles(name: string, listing: HubListing, dtype: Dtype): HubFile[] {
  const byPath = new Map(listing.files.map((file) => [file.path, file]));
  const weights = weightNames(dtype).find((path) => byPath.has(path));
  const missing = requiredFiles.filter((path) => !byPath.has(path));
  if (weights === undefined || missing.length > 0) {
    const what = weights === undefined ? `no ${dtype} ONNX weights` : `no ${missing.join(', ')}`;
    throw new LanternError(
      'unknown-model',
      `The model ${name} on the Hub has ${what}, so it cannot be used. ` +
        'Name one that has been exported to ONNX; `lantern models` lists some.',
    );
  }
  const external = listing.files
    .map((file) => file.path)
    .filter((path) => path.startsWith(`${weights}_data`));
  const wanted = [...requiredFiles, ...optionalFiles, ...external, weights];
  return wanted.flatMap((path) => byPath.get(path) ?? []);
}

function readListing(name: string, body: unknown): HubListing {
  const { sha, siblings } = (body ?? {}) as { sha?: unknown; siblings?: unknown };
  if (typeof sha !== 'string' || !/^[0-9a-f]{7,64}$/.test(sha) || !Array.isArray(siblings)) {
    throw unusable(name, 'its answer names no commit');
  }
  const files = (siblings as RawSibling[]).flatMap((sibling): HubFile[] => {
    const path = sibling.rfilename;
    // The path is used on this disk.
    if (typeof path !== 'string' || !/^[\w.-]+(\/[\w.-]+)*$/.test(path) || /(^|\/)\.{1,2}(\/|$)/.test(path))
      return [];
    const bytes = sibling.lfs?.size ?? sibling.size;
    if (bytes !== undefined && !(Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= mostFileBytes))
      return [];
    return [
      {
        path,
        bytes,
        sha256: sibling.lfs?.sha256,
        gitSha1: sibling.lfs ? undefined : sibling.blobId,
      },
    ];
  });
  return { revision: sha, files };
}

interface RawSibling {
  readonly rfilename?: unknown;
  readonly size?: number;
  readonly blobId?: string;
  readonly lfs?: { readonly sha256?: string; readonly size?: number };
}

/** What is wrong with the bytes; `undefined` when nothing is. */
function flawOf(data: Uint8Array, file: HubFile): string | undefined {
  if (file.bytes !== undefined && data.length !== file.bytes) {
    return `has ${data.length} bytes instead of ${file.bytes}`;
  }
  if (file.sha256 !== undefined && createHash('sha256').update(data).digest('hex') !== file.sha256) {
    return 'is not the published file (its SHA-256 differs)';
  }
  if (file.gitSha1 !== undefined && gitDigest(data) !== file.gitSha1) {
    return 'is not the published file (its digest differs)';
  }
  if (file.path.endsWith('.json')) {
    try {
      JSON.parse(new TextDecoder().decode(data));
    } catch {
      return 'is not JSON';
    }
  }
  return undefined;
}

/** The text of an answer; undefined when it is longer than `mostBytes`. */
async function textOf(response: Response, mostBytes: number): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    parts.push(part);
    // Leaving the loop closes the connection.
    if ((bytes += part.length) > mostBytes) return undefined;
  }
  return Buffer.concat(parts).toString('utf8');
}

function gitDigest(data: Uint8Array): string {
  return createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
}

async function alreadyThere(target: string, file: HubFile): Promise<boolean> {
  // Without a digest, files of an earlier attempt cannot be checked.
  if (file.sha256 === undefined && file.gitSha1 === undefined) return false;
  try {
    if ((await stat(target)).size !== file.bytes) return false;
    return flawOf(await readFile(target), file) === undefined;
  } catch {
    return false;
  }
}

async function place(target: string, data: Uint8Array): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const temporary = `${target}.${process.pid}`;
  try {
    await writeFile(temporary, data, { flush: true });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function moveInto(partial: string, folder: string): Promise<void> {
  try {
    await rename(partial, folder);
  } catch (error) {
    // Another process finished the same download first. By their digests its files are the same.
    const there = await stat(folder).catch(() => undefined);
    if (!there?.isDirectory()) throw error;
    await rm(partial, { recursive: true, force: true });
  }
}

async function untilCancelled<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  what: string,
): Promise<T> {
  if (!signal) return work;
  throwIfCancelled(signal, what);
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(cancelled(what));
    signal.addEventListener('abort', stop, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function unusable(name: string, cause: string): LanternError {
  return new LanternError(
    'offline',
    `The Hub's answer for the model ${name} cannot be used: ${cause}. ` +
      'Try again; a proxy or sign-in page on the way can cause this too.',
  );
}
