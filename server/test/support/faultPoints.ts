import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { Worker } from 'node:worker_threads';
import Database from 'libsql';

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown;
type Methods = Record<string, AnyFunction | undefined>;

/** The connection of each statement. */
const connections = new WeakMap<object, Database.Database>();

/** What to do in place of the call that fails: throw, or return. `call` makes the call after all. */
export type Fault = (point: FaultPoint, call: () => unknown) => unknown;

/** A call into the outside world. */
export interface FaultPoint {
  /** For example `sqlite COMMIT` or `fs readFileSync …`. */
  readonly what: string;
  /** The object whose method was called. */
  readonly on: unknown;
}

/**
 * Counts the calls into the outside world through the places that were opened for faults, and lets one of them fail.
 * Node's modules and SQLite's binding are patched until `dispose`, so the code under test is the real one.
 */
export class FaultPoints {
  /** The calls since `arm` or `count`, in order. */
  readonly calls: string[] = [];
  readonly #undo: (() => void)[] = [];
  #counting = false;
  #failing: { readonly n: number; readonly fault: Fault; readonly lasting: boolean } | undefined;

  /** Only counts, from now on. */
  count(): void {
    this.calls.length = 0;
    this.#counting = true;
    this.#failing = undefined;
  }

  /** Lets the `n`-th call from now on, from 1, fail; with `lasting` all that follow as well, until `disarm`. */
  arm(n: number, fault: Fault, lasting = false): void {
    this.count();
    this.#failing = { n, fault, lasting };
  }

  /** Lets everything pass; returns the number of calls since `count` or `arm`. */
  disarm(): number {
    this.#counting = false;
    this.#failing = undefined;
    return this.calls.length;
  }

  dispose(): void {
    this.disarm();
    for (const undo of this.#undo.reverse()) undo();
    this.#undo.length = 0;
    syncBuiltinESMExports();
  }

  /** SQLite's statements in this thread. A `ROLLBACK` never fails, because SQLite rolls back by itself. */
  openSqlite(): void {
    const database = Database.prototype as unknown as Methods;
    const probe = new Database(':memory:');
    const statement = Object.getPrototypeOf(probe.prepare('SELECT 1')) as Methods;
    probe.close();
    const isCounted = ([sql]: readonly unknown[]): boolean => sql !== 'ROLLBACK';
    const prepare = database['prepare'];
    database['prepare'] = function (...args) {
      const made = prepare?.apply(this, args);
      if (typeof made === 'object' && made !== null) connections.set(made, this as Database.Database);
      return made;
    };
    this.#undo.push(() => (database['prepare'] = prepare));
    this.#patch(
      database,
      ['exec', 'prepare'],
      (name, [sql]) => `sqlite ${name} ${String(sql).slice(0, 60)}`,
      isCounted,
    );
    this.#patch(statement, ['all', 'get', 'run', 'iterate'], (name) => `sqlite ${name}`);
  }

  /** Calls of `node:fs` in this thread whose first argument is a path below one of `roots`. */
  openFiles(roots: readonly string[]): void {
    const names = [
      'open',
      'readFile',
      'writeFile',
      'stat',
      'lstat',
      'readdir',
      'opendir',
      'mkdir',
      'rename',
      'chmod',
    ];
    const isInside = ([path]: readonly unknown[]): boolean =>
      typeof path === 'string' && roots.some((root) => path.startsWith(root));
    const nameOf = (name: string, [path]: readonly unknown[]): string => `fs ${name} ${String(path)}`;
    this.#patch(fsPromises as unknown as Methods, names, nameOf, isInside);
    const sync = names.map((name) => `${name}Sync`);
    this.#patch(fs as unknown as Methods, [...sync, 'readSync'], nameOf, isInside);
    syncBuiltinESMExports();
  }

  /** Requests over HTTP, of which Lantern makes none but to Chroma. */
  openHttp(): void {
    const nameOf = (_: string, [input]: readonly unknown[]): string =>
      `http ${input instanceof Request ? `${input.method} ${new URL(input.url).pathname}` : String(input)}`;
    this.#patch(globalThis as unknown as Methods, ['fetch'], nameOf);
  }

  /** Messages to worker threads. */
  openThreads(): void {
    this.#patch(Worker.prototype as unknown as Methods, ['postMessage'], () => 'thread');
  }

  #patch(
    target: Methods,
    names: readonly string[],
    nameOf: (name: string, args: readonly unknown[]) => string,
    isCounted: (args: readonly unknown[]) => boolean = () => true,
  ): void {
    const pass = this.#pass.bind(this);
    for (const name of names) {
      const original = target[name];
      if (original === undefined) continue;
      target[name] = function (...args) {
        const call = (): unknown => original.apply(this, args);
        return isCounted(args) ? pass({ what: nameOf(name, args), on: this }, call) : call();
      };
      this.#undo.push(() => (target[name] = original));
    }
  }

  #pass(point: FaultPoint, call: () => unknown): unknown {
    if (!this.#counting) return call();
    this.calls.push(point.what);
    if (this.#failing === undefined) return call();
    const { n, fault, lasting } = this.#failing;
    const isDue = lasting ? this.calls.length >= n : this.calls.length === n;
    return isDue ? fault(point, call) : call();
  }
}

/** At most `most` numbers from 1 to `count`, evenly spread from a place that `seed` decides, or all. */
export function spread(count: number, most: number, seed = randomInt(1000)): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i + 1);
  const step = count / most;
  const first = ((seed % 1000) / 1000) * step;
  return Array.from({ length: most }, (_, i) => Math.min(count, 1 + Math.floor(first + i * step)));
}

/** SQLite refuses the statement. At some errors it also rolls the transaction back by itself. */
export const sqliteFault =
  (code: string, message: string, rollsBack: boolean): Fault =>
  ({ on }) => {
    const connection = connections.get(on as object) ?? (on as Database.Database);
    if (rollsBack && connection.inTransaction) connection.exec('ROLLBACK');
    throw Object.assign(new Error(message), { code });
  };

/** The system refuses the call. Functions that return a promise reject. */
export const fileFault =
  (code: string): Fault =>
  ({ what }) => {
    const error = Object.assign(new Error(`${code}: injected, ${what}`), { code });
    if (what.split(' ')[1]?.endsWith('Sync') === true) throw error;
    return Promise.reject(error);
  };

/** The thread ends instead of getting the message. */
export const threadFault: Fault = ({ on }) => {
  void (on as Worker).terminate();
};

/** The connection is refused. */
export const httpRefused: Fault = () => Promise.reject(new TypeError('fetch failed'));

/** The server does its work, and the connection breaks before the answer. */
export const httpLostAnswer: Fault = async (_, call) => {
  await call();
  throw new TypeError('fetch failed');
};

/** The server answers with an error of its own. */
export const http500: Fault = () =>
  Promise.resolve(
    new Response(JSON.stringify({ error: 'InternalError', message: 'injected' }), {
      status: 500,
      headers: { 'content-type': 'application/json' },
    }),
  );
