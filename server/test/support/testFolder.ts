import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from '../../src/source/gitSettings.js';
import { type SkipReason, type WalkOptions, walk } from '../../src/source/walk.js';

/** A folder for one test. It has its own home, so that the machine's git settings have no effect. */
export class TestFolder {
  /** Absolute, without links. */
  readonly root: string;
  readonly home: string;
  readonly #top: string;

  /** `top` is that of a folder that another process has made. */
  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}, top?: string) {
    this.#top = top ?? realpathSync(mkdtempSync(join(tmpdir(), 'lantern-files-')));
    this.root = join(this.#top, 'root');
    this.home = join(this.#top, 'home');
    mkdirSync(this.root, { recursive: true });
    mkdirSync(this.home, { recursive: true });
    this.write(files);
  }

  get top(): string {
    return this.#top;
  }

  get environment(): Environment {
    return { HOME: this.home, GIT_CONFIG_NOSYSTEM: '1', GIT_CEILING_DIRECTORIES: dirname(this.#top) };
  }

  /** Paths are relative to the root; missing directories are made. */
  write(files: Readonly<Record<string, string | Uint8Array>>): void {
    for (const [path, content] of Object.entries(files)) {
      const absolute = join(this.root, path);
      mkdirSync(dirname(absolute), { recursive: true });
      writeFileSync(absolute, content);
    }
  }

  /** Makes the minimum that git accepts as a repository. */
  makeRepository(path = '.git', config = ''): void {
    this.write({ [`${path}/HEAD`]: 'ref: refs/heads/main\n', [`${path}/config`]: config });
    mkdirSync(join(this.root, path, 'objects'), { recursive: true });
    mkdirSync(join(this.root, path, 'refs'), { recursive: true });
  }

  options(more: Partial<WalkOptions> = {}): WalkOptions {
    return { maxFileBytes: 100_000, exclude: [], environment: this.environment, ...more };
  }

  /** Paths that the walk finds from `path` inside the root, sorted, and the skipped paths with reasons. */
  async walk(
    more: Partial<WalkOptions> = {},
    path = '.',
  ): Promise<{ found: string[]; skipped: Record<string, SkipReason> }> {
    const found: string[] = [];
    const skipped: Record<string, SkipReason> = {};
    for await (const batch of walk(
      join(this.root, path),
      this.options(more),
      (at, why) => (skipped[at] = why),
    )) {
      found.push(...batch.map((file) => file.path));
    }
    return { found: found.sort(), skipped };
  }

  dispose(): void {
    rmSync(this.#top, { recursive: true, force: true });
  }
}
