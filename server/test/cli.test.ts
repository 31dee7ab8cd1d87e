import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { SearchResult } from '../../shared/src/protocol/protocol.js';
import { Cli, fixtures, isAlive } from './support/cliHarness.js';
import { DaemonClient, until } from './support/daemonClient.js';

interface Question {
  readonly workspace: string;
  readonly query: string;
  readonly expect: { readonly path: string };
}

describe('lantern, from the command line', function () {
  this.timeout(120_000);
  let cli: Cli;
  let shop: string;

  before(async () => {
    cli = new Cli();
    shop = cli.folder('typescript-shop');
    await cli.index(shop);
  });
  after(() => cli.dispose());

  describe('related', () => {
    const webhook = 'src/payments/webhook.ts';
    const related = async (...args: string[]) => {
      const { code, stdout } = await cli.run(['related', ...args, '--json']);
      return { code, hits: (JSON.parse(stdout) as SearchResult).hits };
    };
    const lineOf = (text: string): number =>
      1 +
      readFileSync(join(shop, webhook), 'utf8')
        .split('\n')
        .findIndex((line) => line.includes(text));

    it('says what calls a place, and why', async () => {
      const place = `${join(shop, webhook)}:${lineOf('function verifySignature(')}`;
      const { code, hits } = await related(place, '--relation', 'called-by');
      assert.equal(code, 0);
      assert.deepEqual(
        hits.map(({ path, relations }) => [path, relations?.includes('calledBy')]),
        [['src/server.ts', true]],
      );
      const { stdout } = await cli.run(['related', place]);
      assert.match(stdout, /src\/server\.ts:\d+[\s\S]* {4}calls it/);
      assert.match(stdout, /is similar/);
    });

    it('refuses what it cannot answer, and says what to do', async () => {
      const file = join(shop, webhook);
      for (const [args, said] of [
        [[], /Say which place: lantern related/],
        [[file], /Say which place/],
        [
          [`${file}:1`, '--relation', 'callers'],
          /--relation takes one of calls, called-by, tests, type, similar/,
        ],
        [[`${file}:1`, '--steps', '3'], /--steps takes 1 or 2/],
        [[`${file}x:1`], /There is no file/],
        [[`${process.execPath}:1`], /No indexed folder holds .*lantern index/],
      ] as const) {
        const { code, stderr } = await cli.run(['related', ...args]);
        assert.equal(code, 2, args.join(' '));
        assert.match(stderr, said);
      }
    });
  });

  describe('search', () => {
    it('finds by meaning what is described in other words', async () => {
      const { hits, coverage } = await cli.search('try the card again when the bank is slow to answer', shop);
      assert.equal(hits[0]?.path, 'src/payments/chargeWithRetry.ts');
      assert.equal(coverage.semantic, true);
      assert.equal(coverage.filesPending, 0);
      assert.equal(coverage.filesIndexed, coverage.filesTotal);
    });

    it('gives hits with the text that stands at their lines', async () => {
      const { hits } = await cli.search('shipping address validation', shop, '--limit', '5');
      assert.ok(hits.length > 1);
      for (const hit of hits) {
        const lines = readFileSync(join(shop, hit.path), 'utf8').split('\n');
        const stands = lines.slice(hit.startLine - 1, hit.endLine).join('\n');
        assert.equal(hit.text.replace(/\n$/, ''), stands);
        assert.equal(hit.folder, shop);
      }
    });

    it('puts the definition of a name first', async () => {
      const { hits } = await cli.search('chargeWithRetry', shop);
      assert.equal(hits[0]?.symbol, 'chargeWithRetry');
    });

    it('keeps to language, glob, limit and mode', async () => {
      const css = await cli.search('order summary', shop, '--lang', 'css');
      assert.ok(css.hits.length > 0 && css.hits.every(({ language }) => language === 'css'));
      const auth = await cli.search('session', shop, '--glob', 'src/auth/**', '--limit', '2');
      assert.ok(auth.hits.length > 0 && auth.hits.length <= 2);
      assert.ok(auth.hits.every(({ path }) => path.startsWith('src/auth/')));
      const lexical = await cli.search('idempotencyKey', shop, '--mode', 'lexical');
      assert.equal(lexical.coverage.semantic, false);
      assert.equal(lexical.hits[0]?.path, 'src/payments/chargeWithRetry.ts');
      const semantic = await cli.search('forgotten password mail', shop, '--mode', 'semantic');
      assert.equal(semantic.hits[0]?.path, 'src/auth/passwordReset.ts');
    });

    it('sees a folder inside an indexed one through the outer index', async () => {
      const inside = join(shop, 'src', 'payments');
      const { hits } = await cli.search('retry', inside);
      assert.equal(hits[0]?.path, 'chargeWithRetry.ts');
      assert.equal(hits[0].folder, inside);
      const { folders } = await cli.status();
      assert.deepEqual(
        folders.map(({ path }) => path).filter((path) => path.startsWith(shop)),
        [shop],
      );
    });

    it('exits with 0 for hits, 1 for none and 2 for an error, with the error on stderr', async () => {
      assert.equal((await cli.run(['search', 'refund', '--path', shop])).code, 0);
      const none = await cli.run(['search', 'zzqxv', '--path', shop, '--mode', 'lexical']);
      assert.equal(none.code, 1);
      assert.match(none.stdout, /Nothing found/);
      const error = await cli.run(['search', 'refund', '--path', join(shop, 'nowhere')]);
      assert.equal(error.code, 2);
      assert.equal(error.stdout, '');
      assert.match(error.stderr, /no folder .*nowhere/);
    });

    it('answers a query of 100 KB and refuses one that is empty', async () => {
      const long = 'refund the captured payment '.repeat(3700);
      assert.ok(long.length > 100_000);
      const { hits } = await cli.search(long, shop);
      assert.equal(hits[0]?.path, 'src/payments/refunds.ts');
      const empty = await cli.run(['search', '  ', '--path', shop]);
      assert.equal(empty.code, 2);
      assert.match(empty.stderr, /what to search for/);
    });

    it('says which options are wrong', async () => {
      for (const [args, message] of [
        [['search', 'x', '--path', shop, '--limit', '0'], /"limit" must be a whole number from 1 to 100/],
        [['search', 'x', '--path', shop, '--limit', 'ten'], /--limit takes a whole number, not "ten"/],
        [
          ['search', 'x', '--path', shop, '--mode', 'fuzzy'],
          /"mode" must be one of hybrid, semantic, lexical/,
        ],
        [['search', 'x', '--path', shop, '--lang', 'klingon'], /Unknown language "klingon"/],
        [['search', 'x', '--unknown'], /unknown/i],
        [['dance'], /"dance" is no command/],
      ] as const) {
        const { code, stderr } = await cli.run(args);
        assert.equal(code, 2, args.join(' '));
        assert.match(stderr, message);
      }
    });
  });

  it('ranks the right file first for most questions about the fixtures, and in the first three for nearly all', async function () {
    this.timeout(300_000);
    const questions = JSON.parse(readFileSync(join(fixtures, 'questions.json'), 'utf8')) as Question[];
    let first = 0;
    let firstThree = 0;
    const client = await DaemonClient.open(cli.home);
    for (const workspace of new Set(questions.map((one) => one.workspace)))
      await client.request('lantern/index', { path: join(fixtures, workspace) });
    for (const { workspace, query, expect } of questions) {
      const { hits } = await client.request('lantern/search', {
        path: join(fixtures, workspace),
        query,
        limit: 3,
      });
      const rank = hits.findIndex(({ path }) => path === expect.path);
      if (rank === 0) first++;
      if (rank >= 0) firstThree++;
    }
    client.close();
    // What it measured when this was written, less two for questions that are nearly tied.
    assert.ok(first >= 166, `${first} of ${questions.length} first`);
    assert.ok(firstThree >= 210, `${firstThree} of ${questions.length} in the first three`);
  });

  describe('index', () => {
    it('embeds nothing the second time, and only what changed after that', async () => {
      const folder = cli.folder('go-gateway');
      const first = await cli.index(folder);
      assert.ok(first.filesAdded > 5 && first.chunksEmbedded + first.chunksReused > 10);
      assert.equal(first.filesTotal, first.filesAdded);

      const second = await cli.index(folder);
      assert.deepEqual(
        [second.filesUnchanged, second.filesChanged, second.chunksEmbedded, second.chunksTotal],
        [first.filesTotal, 0, 0, first.chunksTotal],
      );

      const file = join(folder, 'internal', 'breaker', 'breaker.go');
      utimesSync(file, new Date(), new Date(Date.now() - 60_000));
      const touched = await cli.index(folder);
      assert.deepEqual([touched.filesChanged, touched.chunksEmbedded], [0, 0]);

      appendFileSync(
        file,
        '\n// Trip opens the breaker by hand, for the night shift.\nfunc (b *Breaker) Trip() {}\n',
      );
      const changed = await cli.index(folder);
      assert.deepEqual([changed.filesChanged, changed.filesUnchanged], [1, first.filesTotal - 1]);
      assert.ok(changed.chunksEmbedded >= 1 && changed.chunksEmbedded <= 2);

      renameSync(file, join(folder, 'internal', 'breaker', 'fuse.go'));
      const renamed = await cli.index(folder);
      assert.deepEqual([renamed.filesAdded, renamed.filesRemoved], [1, 1]);
      const { hits } = await cli.search('open the breaker by hand', folder);
      assert.equal(hits[0]?.path, 'internal/breaker/fuse.go');

      unlinkSync(join(folder, 'internal', 'breaker', 'fuse.go'));
      const deleted = await cli.index(folder);
      assert.deepEqual([deleted.filesRemoved, deleted.chunksEmbedded], [1, 0]);
      const gone = await cli.search('open the breaker by hand', folder);
      assert.ok(gone.hits.every(({ path }) => !path.endsWith('fuse.go')));
    });

    it('embeds nothing for what is known by content: an undone edit, a copy of the folder, a removed index', async () => {
      const folder = cli.folder('rust-kv');
      const { chunksTotal } = await cli.index(folder);
      const file = join(folder, 'src', 'crc.rs');
      const original = readFileSync(file, 'utf8');
      writeFileSync(file, original.replace(/\/\/.*/, '// changed for a moment'));
      await cli.index(folder);
      writeFileSync(file, original);
      assert.equal((await cli.index(folder)).chunksEmbedded, 0);

      const copy = await cli.index(cli.folder('rust-kv'));
      assert.deepEqual([copy.chunksTotal, copy.chunksEmbedded], [chunksTotal, 0]);

      assert.match((await cli.run(['remove', folder])).stdout, /Removed the index/);
      const again = await cli.index(folder);
      assert.deepEqual([again.chunksTotal, again.chunksEmbedded], [chunksTotal, 0]);
    });

    it('leaves out what is ignored, secret, generated or minified', async () => {
      const folder = cli.folder('ignored');
      await cli.index(folder);
      const never = await cli.search('pomegranate', folder, '--mode', 'lexical', '--limit', '100');
      assert.deepEqual(
        never.hits.map(({ path }) => path),
        [],
      );
      const always = await cli.search('quince', folder, '--mode', 'lexical', '--limit', '100');
      assert.ok(always.hits.length >= 3);
    });

    it('keeps what was finished when it is interrupted', async () => {
      const folder = cli.folder();
      for (let i = 0; i < 300; i++)
        writeFileSync(join(folder, `note${i}.md`), `# Note ${i}\n\nAbout the number ${i}.\n`);
      const interrupt = new AbortController();
      const running = cli.run(['index', folder], { signal: interrupt.signal });
      await until('some chunks have vectors', async () => {
        const state = (await cli.status()).folders.find(({ path }) => path === folder);
        return state?.chunks === 300 && state.chunksPending < 260;
      });
      interrupt.abort();
      const { code, stderr } = await running;
      assert.equal(code, 130);
      assert.match(stderr, /cancelled.*kept/i);
      const line = `${folder}: 300 files, 300 chunks, `;
      const state = (await cli.run(['status'])).stdout.split(line)[1];
      assert.match(state ?? '', /^\d+ chunks pending, partly indexed; lantern index ".*" completes it\n/);
      const rest = await cli.index(folder);
      assert.ok(
        rest.chunksEmbedded > 0 && rest.chunksEmbedded < 300 - 32,
        `${rest.chunksEmbedded} were left`,
      );
      assert.equal(rest.chunksTotal, 300);
    });
  });

  describe('the first search of a large folder', () => {
    /** More chunks than the model embeds in the two seconds that a search waits. */
    function large(): string {
      const folder = cli.folder();
      for (let i = 0; i < 400; i++)
        writeFileSync(
          join(folder, `note${i}.md`),
          `# Heron ${i}\n\n${'A heron counts the boats. '.repeat(30)}${i}\n`,
        );
      return folder;
    }

    async function completed(folder: string): Promise<void> {
      await until(
        'every chunk has a vector',
        async () => {
          const state = (await cli.status()).folders.find(({ path }) => path === folder);
          return state?.files === 400 && state.chunksPending === 0;
        },
        100,
      );
    }

    it('answers before it is indexed, says what is missing, and is followed by the rest without a further word', async () => {
      const folder = large();
      const began = performance.now();
      const { code, stdout } = await cli.run(['search', 'who counts herons', '--path', folder]);
      assert.ok(performance.now() - began < 10_000);
      assert.equal(code, 0);
      assert.match(stdout, /note\d+\.md:1/);
      assert.match(
        stdout,
        /(of 400 still to be read|without all their vectors yet).*Indexing goes on by itself; --wait waits for it/,
      );
      await completed(folder);
    });

    it('is not waited for at all with --no-wait', async () => {
      const folder = large();
      const { elapsedMs } = await cli.search('who counts herons', folder, '--no-wait');
      assert.ok(elapsedMs < 1000, `${elapsedMs} ms`);
      await completed(folder);
    });

    it('waits for everything with --wait, and does not take it along when it is interrupted', async () => {
      const folder = large();
      const interrupt = new AbortController();
      const running = cli.run(['search', 'who counts herons', '--path', folder, '--wait'], {
        signal: interrupt.signal,
      });
      await until('some chunks have vectors', async () => {
        const state = (await cli.status()).folders.find(({ path }) => path === folder);
        return state?.files === 400 && state.chunksPending < 370;
      });
      interrupt.abort();
      assert.equal((await running).code, 130);
      await completed(folder);
      const whole = await cli.search('who counts herons', folder, '--wait');
      assert.equal(whole.coverage.filesPending, 0);
    });
  });

  describe('bad input', () => {
    it('indexes an empty folder and finds nothing in it', async () => {
      const folder = cli.folder();
      assert.equal((await cli.index(folder)).filesTotal, 0);
      assert.equal((await cli.run(['search', 'anything', '--path', folder])).code, 1);
    });

    it('says why a folder has no files to index', async () => {
      const folder = cli.folder();
      writeFileSync(join(folder, '.gitignore'), '/*\n');
      writeFileSync(join(folder, 'main.c'), 'int main() { return 0; }\n');
      const { stdout } = await cli.run(['index', folder]);
      assert.match(stdout, /No files: \.gitignore line 1, "\/\*", hides the only entry/);
      const search = await cli.run(['search', 'main', '--path', folder]);
      assert.match(search.stdout, /^No files to search: \.gitignore line 1, "\/\*", hides the only entry/);
      assert.equal(search.code, 1);
    });

    it('refuses a file in place of a folder, and a folder that is not there', async () => {
      const file = join(shop, 'package.json');
      for (const path of [file, '/no/such/folder']) {
        const { code, stderr } = await cli.run(['index', path]);
        assert.equal(code, 2);
        assert.match(stderr, /lantern: .*(folder|file)/);
      }
    });

    it('accepts files of any kind', async () => {
      const folder = cli.folder();
      writeFileSync(join(folder, 'good.py'), 'def heron_census():\n    """Counts herons."""\n    return 7\n');
      writeFileSync(join(folder, 'invalid.txt'), Buffer.from('caf\xe9 owners may sing\n', 'latin1'));
      writeFileSync(join(folder, 'utf16.txt'), Buffer.from('\ufeffthe lighthouse keeper\n', 'utf16le'));
      writeFileSync(join(folder, 'binary.bin'), Buffer.from([0, 1, 2, 3, 0, 255]));
      const huge = openSync(join(folder, 'huge.log'), 'w');
      ftruncateSync(huge, 200 * 1024 * 1024);
      closeSync(huge);
      writeFileSync(join(folder, 'one-line.js'), `var a=[${'1234567890,'.repeat(20_000)}];`);
      mkdirSync(join(folder, `it's "odd" ünïcode 名前`));
      writeFileSync(
        join(folder, `it's "odd" ünïcode 名前`, 'a b.md'),
        '# Winter timetable\n\nThe ferry leaves at noon.\n',
      );
      symlinkSync(folder, join(folder, 'loop'));
      symlinkSync('/etc', join(folder, 'outside'));
      const report = await cli.index(folder);
      assert.equal(report.filesTotal, 4);
      assert.equal(report.filesSkipped['too-large'], 1);
      const first = async (query: string): Promise<string | undefined> =>
        (await cli.search(query, folder)).hits[0]?.path;
      assert.equal(await first('count birds'), 'good.py');
      assert.equal(await first('lighthouse keeper'), 'utf16.txt');
      assert.equal(await first('café owners'), 'invalid.txt');
      assert.equal(await first('ferry departure in winter'), `it's "odd" ünïcode 名前/a b.md`);
    });

    it('names an unknown model, and what to do about it', async () => {
      const other = new Cli();
      try {
        writeFileSync(
          join(other.home, 'settings.json'),
          JSON.stringify({ model: { name: '/no/such/model' } }),
        );
        const { code, stderr } = await other.run(['status']);
        assert.equal(code, 2);
        assert.match(stderr, /\/no\/such\/model/);
        writeFileSync(join(other.home, 'settings.json'), '{ not json');
        assert.match((await other.run(['status'])).stderr, /settings\.json is no JSON/);
        writeFileSync(join(other.home, 'settings.json'), JSON.stringify({ model: { threads: 'many' } }));
        assert.match((await other.run(['status'])).stderr, /"model.threads" must be a number/);
      } finally {
        await other.dispose();
      }
    });
  });

  describe('damage', () => {
    it('makes the same hits from the catalog when the Chroma folder is gone, without the model', async () => {
      const before = await cli.search('who may see an invoice', shop);
      await cli.run(['stop']);
      rmSync(join(cli.home, 'chroma'), { recursive: true });
      const report = await cli.index(shop);
      assert.deepEqual([report.chunksEmbedded, report.collectionRebuilt], [0, true]);
      const after = await cli.search('who may see an invoice', shop);
      assert.deepEqual(after.hits, before.hits);
    });

    it('sets a damaged catalog aside and indexes again', async () => {
      const other = new Cli();
      try {
        const folder = other.folder('python-pipeline');
        await other.index(folder);
        await other.run(['stop']);
        const catalog = join(other.home, 'catalog.db');
        writeFileSync(catalog, Buffer.alloc(8192, 'x'));
        const { hits } = await other.search('wait longer after each failed attempt', folder);
        assert.ok(hits.length > 0);
        assert.ok(readdirSync(other.home).some((name) => name.startsWith('catalog.db.damaged-')));
        assert.ok(other.log().some(({ event }) => event === 'catalog.damaged'));
      } finally {
        await other.dispose();
      }
    });

    it('recovers when daemon and Chroma are killed', async () => {
      const { daemon, chroma } = await cli.memory();
      assert.ok(chroma !== null);
      process.kill(daemon.pid, 'SIGKILL');
      process.kill(chroma.pid, 'SIGKILL');
      const { hits } = await cli.search('money back to the customer', shop);
      assert.equal(hits[0]?.path, 'src/payments/refunds.ts');
      assert.notEqual((await cli.memory()).daemon.pid, daemon.pid);
      assert.ok(cli.log().some(({ event }) => event === 'daemon.crashed-before'));
    });
  });

  describe('the rest', () => {
    it('doctor finds every part well', async () => {
      const { code, stdout } = await cli.run(['doctor']);
      assert.equal(code, 0, stdout);
      assert.doesNotMatch(stdout, /FAIL/);
    });

    it('models shows the bundled one as selected', async () => {
      const { stdout } = await cli.run(['models']);
      assert.match(stdout, /^\* all-MiniLM-L6-v2 .*bundled$/m);
    });

    it('cache clear frees the model, and the next search loads it again', async () => {
      await cli.search('refund', shop);
      assert.match((await cli.run(['cache', 'clear'])).stdout, /Released 1 model/);
      assert.equal((await cli.memory()).models.length, 0);
      assert.equal((await cli.search('refund', shop)).coverage.semantic, true);
      assert.equal((await cli.memory()).models.length, 1);
    });

    it('stop leaves no process behind', async () => {
      const { daemon, chroma } = await cli.memory();
      const { stdout } = await cli.run(['stop']);
      assert.match(stdout, new RegExp(`process ${daemon.pid}`));
      assert.equal(isAlive(daemon.pid), false);
      assert.equal(chroma !== null && isAlive(chroma.pid), false);
      assert.equal(existsSync(join(cli.home, 'catalog.db')), true);
      assert.match((await cli.run(['stop'])).stdout, /No daemon was running/);
    });
  });
});
