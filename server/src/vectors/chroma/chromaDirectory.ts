import { chmod, mkdir, open, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LanternError, systemCode } from '../../../../shared/src/errors.js';
import type { Log } from '../../../../shared/src/log.js';
import { serverConfiguration } from './chromaLauncher.js';
import { commandLine, endProcess, isAlive, waitUntilGone } from './processes.js';

/** The folder of a server of our own. Only `data` in it belongs to the server itself. */
export class ChromaDirectory {
  readonly #path: string;
  readonly #log: Log;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  get data(): string {
    return join(this.#path, 'data');
  }

  get #configuration(): string {
    return join(this.#path, 'chroma.yaml');
  }

  get #pidFile(): string {
    return join(this.#path, 'chroma.pid.json');
  }

  /** Prepares the folder for a server: ends another server in it, and removes indexes that would crash the server. */
  async prepare(): Promise<void> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 });
    const there = await stat(this.data).catch(() => undefined);
    if (there?.isDirectory() === false) await this.setDataAside('a file is in place of its folder');
    await mkdir(this.data, { recursive: true, mode: 0o700 });
    await this.#endStaleServer();
    for (const folder of await truncatedIndexes(this.data)) {
      // Its collection then gives too few results, and is rebuilt when it is opened.
      this.#log.write('error', 'chroma.index-damaged', { folder });
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Writes the server's configuration; returns its path. Only the owner can read the file. */
  async writeConfiguration(port: number, origin: string): Promise<string> {
    await writeFile(this.#configuration, serverConfiguration(this.data, port, origin), { mode: 0o600 });
    // The mode above applies only to a new file.
    await chmod(this.#configuration, 0o600);
    return this.#configuration;
  }

  async recordProcesses(pids: readonly number[], port: number): Promise<void> {
    const content = { pids, port, startTime: new Date().toISOString() };
    // Renamed, so that a daemon that is killed meanwhile leaves no half of a file, and with it an orphan.
    const temporary = `${this.#pidFile}.tmp`;
    await writeFile(temporary, JSON.stringify(content), { mode: 0o600 });
    await rename(temporary, this.#pidFile);
  }

  async forgetProcesses(): Promise<void> {
    await rm(this.#pidFile, { force: true });
  }

  /**
   * Device and inode of the database, which distinguish it from a later one at the same path; `undefined` when there
   * is none.
   */
  async databaseIdentity(): Promise<string | undefined> {
    try {
      const { dev, ino } = await stat(join(this.data, 'chroma.sqlite3'), { bigint: true });
      return `${dev}:${ino}`;
    } catch {
      return undefined;
    }
  }

  /** Renames the data, replacing what was set aside before, so that the next server begins with none. */
  async setDataAside(reason: string): Promise<void> {
    const aside = join(this.#path, 'data.damaged');
    this.#log.write('error', 'chroma.set-aside', { reason });
    await rm(aside, { recursive: true, force: true, maxRetries: 3 });
    try {
      await rename(this.data, aside);
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
    await mkdir(this.data, { recursive: true, mode: 0o700 });
  }

  /** Two servers would damage the database, so one that outlived its daemon is ended first. */
  async #endStaleServer(): Promise<void> {
    for (const pid of await this.#recordedPids()) {
      if (pid <= 1 || pid === process.pid || !(await isAlive(pid))) continue;
      // The process id may belong to another program by now. Our server has its configuration file among its
      // arguments.
      if ((await commandLine(pid))?.includes(this.#configuration) !== true) continue;
      // It ends by itself when its daemon has ended, and then there is no lock left.
      const gone = (await waitUntilGone(pid, 500)) || (await endProcess(pid, 2000));
      this.#log.write('warn', 'chroma.stale', { pid, gone });
      if (gone) continue;
      throw new LanternError(
        'store-failed',
        `An older Chroma server (process ${pid}) does not end. End it, then try again.`,
      );
    }
  }

  /** The processes that an earlier daemon recorded; none when there is no file, or it was tampered with. */
  async #recordedPids(): Promise<number[]> {
    try {
      const { pids } = JSON.parse(await readFile(this.#pidFile, 'utf8')) as { readonly pids?: unknown };
      return Array.isArray(pids) ? pids.filter((pid): pid is number => Number.isInteger(pid)) : [];
    } catch {
      return [];
    }
  }
}

/** Bytes of hnswlib's header that are read. */
const headerBytes = 36;

/** Folders of indexes below `data` whose files are truncated. The server loads such an index silently, or crashes. */
async function truncatedIndexes(data: string): Promise<string[]> {
  const truncated: string[] = [];
  for (const entry of await readdir(data, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(data, entry.name);
    const needed = await vectorBytes(join(folder, 'header.bin'));
    if (needed === undefined) continue;
    const found = await stat(join(folder, 'data_level0.bin')).then(
      ({ size }) => size,
      () => 0,
    );
    if (found < needed) truncated.push(folder);
  }
  return truncated;
}

/** Bytes of all elements by hnswlib's header (little-endian, version 1); `undefined` for another format. */
async function vectorBytes(header: string): Promise<number | undefined> {
  const file = await open(header).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    // A header that is too short crashes the server.
    if (bytesRead < headerBytes) return Infinity;
    if (buffer.readInt32LE(0) !== 1) return undefined;
    const elements = Number(buffer.readBigUInt64LE(20));
    const elementBytes = Number(buffer.readBigUInt64LE(28));
    return elementBytes < 1e6 ? elements * elementBytes : undefined;
  } finally {
    await file.close();
  }
}
