// Folders and daemons that a benchmark makes and removes, and what it says of many measurements.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DaemonClient } from '../out/server/test/daemonClient.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
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

  /** `copies` times the fixtures, each below a folder of its own: chunks that no other copy has. */
  folder(copies = 1) {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-bench-')));
    this.#folders.push(folder);
    for (let copy = 0; copy < copies; copy++) {
      this.#copies++;
      for (const name of workspaces) {
        cpSync(join(fixtures, name), join(folder, `copy${this.#copies}`, name), { recursive: true });
      }
    }
    return folder;
  }

  async client() {
    const client = await DaemonClient.open(this.home, 'bench');
    this.#clients.push(client);
    return client;
  }

  dispose() {
    for (const client of this.#clients) client.close();
    const env = { ...process.env, LANTERN_HOME: this.home };
    spawnSync(process.execPath, [join(root, 'dist', 'lantern.js'), 'stop'], { env });
    for (const folder of [this.home, ...this.#folders]) rmSync(folder, { recursive: true, force: true });
  }
}

/** The value that `share` of the values do not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}
