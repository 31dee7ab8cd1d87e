import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildId } from '../protocol/handshake.js';

/**
 * The record `daemon.json` that the owner of a data folder leaves there. It is advice, not a lock: clients whose
 * environment gives another endpoint find the daemon through it, and a start that finds `clean: false` knows of a
 * crash.
 */
export interface DaemonRecord {
  readonly pid: number;
  /** Process ids are valid on this machine only. */
  readonly host: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly build: BuildId;
  readonly protocol: number;
  readonly endpoint: string;
  /** True when the daemon has closed everything and is about to exit. */
  readonly clean: boolean;
}

function recordPath(dataDir: string): string {
  return join(dataDir, 'daemon.json');
}

/** The record of the last owner; undefined when there is none that can be read. */
export async function readDaemonRecord(dataDir: string): Promise<DaemonRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(recordPath(dataDir), 'utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Replaces the record in one step, so that no reader sees half of it. */
export async function writeDaemonRecord(dataDir: string, record: DaemonRecord): Promise<void> {
  const path = recordPath(dataDir);
  const temporary = `${path}.${record.pid}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(record)}\n`, { mode: 0o600 });
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function isRecord(value: unknown): value is DaemonRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, host, startedAt, protocol, endpoint, clean, build } = value as Record<string, unknown>;
  return (
    Number.isSafeInteger(pid) &&
    typeof host === 'string' &&
    typeof startedAt === 'number' &&
    typeof protocol === 'number' &&
    typeof endpoint === 'string' &&
    typeof clean === 'boolean' &&
    typeof build === 'object' &&
    build !== null
  );
}

/** Whether a process of this machine exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
