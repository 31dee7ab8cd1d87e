import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Disposable } from '../../../shared/src/disposable.js';
import { systemCode } from '../../../shared/src/errors.js';
import type { Log, LogFields, LogLevel } from '../../../shared/src/log.js';

export interface LogFileOptions {
  /** The newest file. Older ones end in `.1`, `.2` and so on. */
  readonly path: string;
  /** Size at which a new file is begun. Default 2 MiB. */
  readonly maxBytes?: number;
  /** Number of files kept, including the newest. Default 5. */
  readonly maxFiles?: number;
  /** Events below this level are left out. Default `info`. */
  readonly minLevel?: LogLevel;
  readonly now?: () => number;
}

const ranks: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Longest field. It also limits error messages of other libraries. */
const maxFieldLength = 2000;

/** Pause after a file could not be opened or written. */
const retryAfterMs = 5000;

/**
 * JSON lines in a rotated file that only the user can read. Writes are synchronous, so that the last line before a
 * crash is kept. When the disk rejects them, events are counted and dropped; nothing throws.
 */
export class LogFile implements Log, Disposable {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #maxFiles: number;
  readonly #minRank: number;
  readonly #now: () => number;
  #file: number | undefined;
  #size = 0;
  #dropped = 0;
  #blockedUntil = 0;
  #disposed = false;

  constructor(options: LogFileOptions) {
    this.#path = options.path;
    this.#maxBytes = options.maxBytes ?? 2 * 1024 * 1024;
    this.#maxFiles = options.maxFiles ?? 5;
    this.#minRank = ranks[options.minLevel ?? 'info'];
    this.#now = options.now ?? Date.now;
  }

  /** Events that were not written and not yet reported in the file. */
  get dropped(): number {
    return this.#dropped;
  }

  write(level: LogLevel, event: string, fields: LogFields = {}): void {
    if (this.#disposed || ranks[level] < this.#minRank) return;
    const now = this.#now();
    if (now < this.#blockedUntil) {
      this.#dropped++;
      return;
    }
    try {
      if (this.#dropped > 0) {
        this.#append(this.#line(now, 'warn', 'log.dropped', { events: this.#dropped }));
        this.#dropped = 0;
      }
      this.#append(this.#line(now, level, event, fields));
    } catch {
      // There is nowhere to report it. The count is written when the disk accepts lines again.
      this.#dropped++;
      this.#blockedUntil = now + retryAfterMs;
      this.#close();
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#close();
  }

  #line(now: number, level: LogLevel, event: string, fields: LogFields): Buffer {
    const entry: Record<string, string | number | boolean> = {
      time: new Date(now).toISOString(),
      level,
      event,
    };
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) continue;
      const own = name in entry ? `${name}_` : name;
      entry[own] =
        typeof value === 'string' && value.length > maxFieldLength
          ? `${value.slice(0, maxFieldLength)}…`
          : value;
    }
    return Buffer.from(`${JSON.stringify(entry)}\n`);
  }

  #append(line: Buffer): void {
    let file = this.#open();
    if (this.#size > 0 && this.#size + line.length > this.#maxBytes) {
      this.#rotate();
      file = this.#open();
    }
    let written = 0;
    while (written < line.length) written += writeSync(file, line, written);
    this.#size += line.length;
  }

  #open(): number {
    if (this.#file !== undefined) return this.#file;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    this.#file = openSync(this.#path, 'a', 0o600);
    this.#size = fstatSync(this.#file).size;
    return this.#file;
  }

  #rotate(): void {
    this.#close();
    const name = (index: number): string => (index === 0 ? this.#path : `${this.#path}.${index}`);
    rmSync(name(this.#maxFiles - 1), { force: true });
    for (let index = this.#maxFiles - 2; index >= 0; index--) {
      if (exists(name(index))) renameSync(name(index), name(index + 1));
    }
  }

  #close(): void {
    const file = this.#file;
    this.#file = undefined;
    this.#size = 0;
    if (file === undefined) return;
    try {
      closeSync(file);
    } catch {
      // Some file systems report a full disk only here. The lines are lost in any case.
    }
  }
}

function exists(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
