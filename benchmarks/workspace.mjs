// Folders and daemons of a benchmark, which it removes afterwards.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measure, root } from './child.mjs';
import { DaemonClient } from '../out/server/test/support/daemonClient.js';

export const fixtures = join(root, 'test-fixtures');
const workspaces = [
  'typescript-shop',
  'python-pipeline',
  'go-gateway',
  'rust-kv',
  'docs-handbook',
  'polyglot',
];

/** Questions about all fixtures or one, as people ask them. */
export function questions(fixture) {
  const all = JSON.parse(readFileSync(join(fixtures, 'questions.json'), 'utf8'));
  const about = fixture === undefined ? workspaces : [fixture];
  return all.filter(({ workspace }) => about.includes(workspace)).map(({ query }) => query);
}

/** A data folder of its own with its daemon, and folders to index; `dispose` removes all of it. */
export class Workspace {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-bench-')));
  #folders = [];
  #clients = [];
  #copies = 0;
  static #all = new Set();

  constructor() {
    Workspace.#all.add(this);
  }

  /** For a run that is interrupted. */
  static disposeAll() {
    for (const workspace of Workspace.#all) workspace.dispose();
  }

  /** `copies` copies of the fixtures, each below a folder of its own, so that their chunks differ. */
  folder(copies = 1) {
    const folder = this.emptyFolder();
    for (let copy = 0; copy < copies; copy++) {
      this.#copies++;
      for (const name of workspaces) {
        cpSync(join(fixtures, name), join(folder, `copy${this.#copies}`, name), { recursive: true });
      }
    }
    return folder;
  }

  /** A folder that the caller fills. */
  emptyFolder() {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-bench-')));
    this.#folders.push(folder);
    return folder;
  }

  /** Indexes folders with synthetic vectors before the daemon is first used; returns the report. */
  seed(folders, options = {}) {
    return measure('children/seed.mjs', { home: this.home, folders, ...options });
  }

  async client() {
    const client = await DaemonClient.open(this.home, 'bench');
    this.#clients.push(client);
    return client;
  }

  otherClients(client) {
    return this.#clients.filter((one) => one !== client);
  }

  /** Stops the daemon. The next client starts another. */
  stop() {
    for (const client of this.#clients.splice(0)) client.close();
    const env = { ...process.env, LANTERN_HOME: this.home };
    spawnSync(process.execPath, [join(root, 'dist', 'lantern.js'), 'stop'], { env });
  }

  dispose() {
    Workspace.#all.delete(this);
    this.stop();
    for (const folder of [this.home, ...this.#folders]) rmSync(folder, { recursive: true, force: true });
  }
}

/** The value that `share` of the values do not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
