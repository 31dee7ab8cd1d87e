import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ChromaClient } from 'chromadb';
import fc from 'fast-check';
import Database from 'libsql';
import { fuzz } from '../../../shared/test/fuzz.js';
import { toVector } from '../../src/catalog/rows.js';
import { Cli } from '../support/cliHarness.js';
import { DaemonClient, processesOf, until } from '../support/daemonClient.js';
import { hitsOf, tenantOf } from '../support/recoveryState.js';

/** One change of the folder, or of the daemon. */
type Change =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | { readonly kind: 'delete' | 'touch' | 'sameSize'; readonly path: string }
  | { readonly kind: 'move'; readonly path: string; readonly to: string }
  | { readonly kind: 'ignore'; readonly path: string; readonly rules: readonly string[] }
  | { readonly kind: 'checkout'; readonly branch: string }
  | { readonly kind: 'index' | 'search' | 'unload' | 'restart' };

const folders = ['', 'src/', 'src/deep/', 'lib/'];
const path = fc.constantFrom(
  ...folders.flatMap((folder) => ['a.ts', 'b.py', 'c.md', 'd'].map((name) => folder + name)),
);
const text = fc
  .array(
    fc.constantFrom(
      'export function closeDoor() {\n  return hinge.turn();\n}\n',
      'def weigh(load):\n    """Weighs the load."""\n    return load * 3\n',
      '# Doors\n\nHow a door is closed.\n',
      'class Window {\n  open() { return glass.slide(closeDoor()); }\n}\n',
      'x\n',
      '\n',
      '  \n',
      '\0',
      'é\r\n',
    ),
    { maxLength: 4 },
  )
  .map((parts) => parts.join(''));
const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('write' as const), path, text }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('delete' as const, 'touch' as const, 'sameSize' as const),
      path,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('move' as const),
      path: fc.oneof(path, fc.constantFrom('src', 'src/deep', 'lib')),
      to: fc.oneof(path, fc.constantFrom('src', 'lib', 'moved')),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('ignore' as const),
      path: fc.constantFrom('.gitignore', 'src/.gitignore', '.lanternignore'),
      rules: fc.array(fc.constantFrom('*.py', 'deep/', '!b.py', '/lib', 'a.*', '*'), { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('checkout' as const),
      branch: fc.constantFrom('main', 'other'),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('index' as const, 'search' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unload' as const) }) },
);

describe('any changes of a folder', function () {
  this.timeout(3_600_000);
  this.slow(60_000);
  /** The daemon that sees each change, and one that sees only the end. */
  let seeing: Cli;
  let fresh: Cli;
  let client: DaemonClient;
  let other: DaemonClient;

  before(async () => {
    [seeing, fresh] = [new Cli(), new Cli()];
    [client, other] = await Promise.all([DaemonClient.open(seeing.home), DaemonClient.open(fresh.home)]);
  });
  after(async () => {
    client.close();
    other.close();
    await Promise.all([seeing.dispose(), fresh.dispose()]);
    assert.deepEqual([...processesOf(seeing.home), ...processesOf(fresh.home)], []);
  });

  async function apply(root: string, one: Change): Promise<void> {
    const at = (relative: string): string => join(root, relative);
    const isFile = (file: string): boolean => existsSync(file) && statSync(file).isFile();
    const write = (file: string, content: string): void => {
      // A file stands where a directory is wanted, or the other way round.
      for (let above = dirname(file); above.length > root.length; above = dirname(above)) {
        if (isFile(above)) rmSync(above);
      }
      if (existsSync(file) && !isFile(file)) rmSync(file, { recursive: true });
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    };
    switch (one.kind) {
      case 'write':
        write(at(one.path), one.text);
        return;
      case 'ignore':
        write(at(one.path), `${one.rules.join('\n')}\n`);
        return;
      case 'delete':
        rmSync(at(one.path), { recursive: true, force: true });
        return;
      case 'touch':
        if (existsSync(at(one.path))) utimesSync(at(one.path), 1e9, 1e9);
        return;
      case 'sameSize': {
        if (!isFile(at(one.path))) return;
        const { atime, mtime } = statSync(at(one.path));
        writeFileSync(at(one.path), readFileSync(at(one.path), 'latin1').replaceAll('o', 'u'), 'latin1');
        utimesSync(at(one.path), atime, mtime);
        return;
      }
      case 'move':
        if (!existsSync(at(one.path)) || `${one.to}/`.startsWith(`${one.path}/`)) return;
        if (`${one.path}/`.startsWith(`${one.to}/`)) return;
        write(at(one.to), '');
        rmSync(at(one.to), { recursive: true, force: true });
        if (existsSync(at(one.path))) renameSync(at(one.path), at(one.to));
        return;
      case 'checkout':
        git(root, 'add', '-A');
        git(root, 'commit', '-q', '--allow-empty', '-m', 'x');
        git(root, 'checkout', '-q', hasBranch(root, one.branch) ? one.branch : `-b${one.branch}`);
        return;
      case 'index':
        await client.request('lantern/index', { path: root });
        return;
      case 'search':
        await client.request('lantern/search', { path: root, query: 'close the door' });
        return;
      case 'unload':
        await client.request('lantern/clearCache', {});
        return;
      case 'restart':
        client.close();
        await seeing.run(['stop']);
        client = await DaemonClient.open(seeing.home);
    }
  }

  /** Everything of one folder that another index of the same files must have, too: catalog, Chroma and answers. */
  async function stateOf(cli: Cli, daemon: DaemonClient, root: string): Promise<Record<string, unknown>> {
    await daemon.request('lantern/index', { path: root });
    const queries = ['close the door', 'weigh', 'Window.open'];
    const hits = await hitsOf(daemon, root, queries);
    const db = new Database(join(cli.home, 'catalog.db'), { readonly: true });
    try {
      const rows = (sql: string): Record<string, unknown>[] =>
        db.prepare(sql).all([root]) as Record<string, unknown>[];
      const mine = 'JOIN folders f ON f.id = c.folder_id AND f.path = ?';
      await until(
        'the collection has confirmed all changes',
        () => rows(`SELECT c.key FROM outbox c ${mine}`).length === 0,
      );
      const files = rows(`SELECT c.path, c.size, c.digest, c.language FROM files c ${mine} ORDER BY c.path`);
      const skipped = rows(`SELECT c.path, c.reason FROM skipped_files c ${mine} ORDER BY c.path`);
      const chunks = rows(
        `SELECT c.key, c.start_line, c.end_line, c.symbol, hex(c.text_digest) AS text, v.vector FROM chunks c ${mine}
         LEFT JOIN vectors v ON v.model_id = f.model_id AND v.digest = c.vector_digest ORDER BY c.key`,
      );
      const vectors = new Map(chunks.map((chunk) => [chunk['key'], toVector(chunk['vector'])]));
      const collection = String(
        rows('SELECT c.collection FROM folders c WHERE c.path = ?')[0]?.['collection'],
      );
      const { port } = JSON.parse(readFileSync(join(cli.home, 'chroma', 'chroma.pid.json'), 'utf8')) as {
        port: number;
      };
      const chroma = new ChromaClient({ host: '127.0.0.1', port, ssl: false, tenant: tenantOf(cli.home) });
      const { ids, embeddings } =
        chunks.length === 0
          ? { ids: [], embeddings: [] }
          : await (
              await chroma.getCollection({ name: collection })
            ).get({ include: ['embeddings'], limit: 10_000 });
      const unlike = ids.filter(
        (id, i) =>
          vectors.get(id)?.some((value, d) => !(Math.abs(value - (embeddings[i]?.[d] ?? NaN)) < 1e-6)) !==
          false,
      );
      return {
        files,
        skipped,
        hits,
        unlike,
        chunks: chunks.map(({ vector, ...rest }) => ({
          ...rest,
          vector: createHash('sha256')
            .update(new Uint8Array(vector as ArrayBuffer))
            .digest('hex'),
        })),
        chroma: [...ids].sort(),
        keys: [...vectors.keys()],
      };
    } finally {
      db.close();
    }
  }

  async function check(changes: readonly Change[]): Promise<void> {
    const [root, copy] = [seeing.folder(), fresh.folder()];
    git(root, 'init', '-q', '-b', 'main');
    try {
      await apply(root, { kind: 'index' });
      for (const one of changes) await apply(root, one);
      const seen = await stateOf(seeing, client, root);
      cpSync(root, copy, { recursive: true, preserveTimestamps: true });
      const expected = await stateOf(fresh, other, copy);
      assert.deepEqual(seen, expected);
      assert.deepEqual([seen['unlike'], seen['chroma']], [[], seen['keys']]);
    } finally {
      await client.request('lantern/remove', { path: root }).catch(() => undefined);
      await other.request('lantern/remove', { path: copy }).catch(() => undefined);
      for (const folder of [root, copy]) rmSync(folder, { recursive: true, force: true });
    }
  }

  it('end in the index that is made of its last state', async () => {
    await fuzz(fc.array(change, { minLength: 3, maxLength: 14 }), 3, check);
  });

  it('end so too with the daemon started again in between', async () => {
    const restart = fc.constant<Change>({ kind: 'restart' });
    const halves = fc.array(change, { minLength: 2, maxLength: 6 });
    await fuzz(
      fc.tuple(halves, restart, halves).map(([one, again, two]) => [...one, again, ...two]),
      1,
      check,
    );
  });
});

function git(root: string, ...args: readonly string[]): void {
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.com', '-c', 'commit.gpgsign=false'];
  const { status, stderr } = spawnSync('git', [...identity, ...args], { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

const hasBranch = (root: string, branch: string): boolean =>
  readdirSync(join(root, '.git/refs/heads')).includes(branch);
