import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LanternError } from '../../../shared/src/errors.js';
import { nullLog } from '../../../shared/src/log.js';
import { tried } from '../../../shared/test/tally.js';
import { modelsDir } from '../paths.js';
import { EmbeddingSession } from './embeddingSession.js';
import { Hub } from './hub.js';
import type { DownloadProgress } from './hub.js';
import { ModelRegistry } from './registry.js';
import type { ModelChoice } from './registry.js';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const NAME = 'acme/tiny';
const choice: ModelChoice = { name: NAME, dtype: 'auto', device: 'cpu' };
const bundled = join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2');

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Plays the Hub: the listing of one commit and its files. */
class FakeHub {
  readonly files = new Map<string, Buffer>();
  /** Answers that replace the usual ones, by the end of the path. */
  readonly overrides = new Map<string, Answer>();
  readonly requests: string[] = [];
  readonly #server: Server = createServer((request, response) => this.#answer(request, response));

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Requests for files, without the listing. */
  get fetched(): string[] {
    return this.requests.flatMap((path) => path.split(`/resolve/${COMMIT}/`)[1] ?? []);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.requests.push(path);
    const override = [...this.overrides].find(([end]) => path.endsWith(end))?.[1];
    if (override) {
      override(request, response);
      return;
    }
    if (['main', COMMIT].some((one) => path === `/api/models/${NAME}/revision/${one}?blobs=true`)) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ id: NAME, sha: COMMIT, siblings: this.#siblings() }));
      return;
    }
    const data = this.files.get(path.replace(`/${NAME}/resolve/${COMMIT}/`, ''));
    response.statusCode = data ? 200 : 404;
    if (data) response.setHeader('content-length', data.length);
    response.end(data);
  }

  #siblings(): unknown[] {
    const hash = (kind: string, ...parts: (string | Buffer)[]): string =>
      parts.reduce((sum, part) => sum.update(part), createHash(kind)).digest('hex');
    return [...this.files].map(([rfilename, data]) =>
      rfilename.endsWith('.onnx')
        ? { rfilename, size: 130, lfs: { size: data.length, sha256: hash('sha256', data) } }
        : { rfilename, size: data.length, blobId: hash('sha1', `blob ${data.length}\0`, data) },
    );
  }
}

describe('Hub', () => {
  let fake: FakeHub;
  let home: string;
  let host: string;
  let registry: ModelRegistry;

  const registryFor = (host: string): ModelRegistry =>
    new ModelRegistry({
      modelsDir: modelsDir(import.meta.url),
      dataDir: home,
      log: nullLog,
      hub: new Hub(nullLog, host),
      machine: 'linux-x64',
    });

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'lantern-hub-'));
    fake = new FakeHub();
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
      fake.files.set(name, Buffer.from(`{"file": "${name}"}`));
    }
    fake.files.set('README.md', Buffer.from('not needed'));
    fake.files.set('../escape.json', Buffer.from('{}'));
    fake.files.set('onnx/model_quantized.onnx', Buffer.alloc(300_000, 7));
    fake.files.set('onnx/model.onnx', Buffer.alloc(400_000, 8));
    host = await fake.listen();
    registry = registryFor(host);
  });

  afterEach(async () => {
    await fake.close();
    await rm(home, { recursive: true, force: true });
  });

  const failsWith = async (code: string, ...words: string[]): Promise<void> => {
    await assert.rejects(registry.resolve(choice), (error) => {
      assert.ok(error instanceof LanternError, String(error));
      assert.equal(error.code, code, error.message);
      for (const word of words) assert.ok(error.message.includes(word), `${error.message} lacks "${word}"`);
      return true;
    });
    assert.equal(await registry.find(choice), undefined);
  };

  it('downloads what is needed, with progress, and pins the commit', async () => {
    const seen: DownloadProgress[] = [];
    const id = await registry.resolve(choice, { onProgress: (progress) => seen.push(progress) });
    assert.deepEqual(id, { name: NAME, revision: COMMIT, dtype: 'int8' });
    assert.deepEqual(fake.fetched, [
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'onnx/model_quantized.onnx',
    ]);
    const last = seen.at(-1);
    assert.ok(last && last.loadedBytes === last.totalBytes && last.totalBytes > 300_000);
    assert.ok(seen.every((one, at) => one.loadedBytes >= (seen[at - 1]?.loadedBytes ?? 0)));
    const files = await registry.locate(id);
    assert.deepEqual(await readFile(files.weights), fake.files.get('onnx/model_quantized.onnx'));

    const requests = fake.requests.length;
    assert.deepEqual(await registry.resolve(choice), id);
    assert.deepEqual(await registry.find(choice), id);
    assert.equal(fake.requests.length, requests);
    assert.ok((await registry.list()).some((model) => model.name === NAME && model.state === 'cached'));
  });

  it('keeps another precision beside the first', async () => {
    await registry.resolve(choice);
    const id = await registry.resolve({ ...choice, dtype: 'fp32' });
    assert.equal(id.dtype, 'fp32');
    assert.equal((await registry.locate(id)).weightsBytes, 400_000);
    assert.equal((await registry.find(choice))?.dtype, 'int8');
  });

  it('takes fp32 where there is no int8, unless int8 was asked for', async () => {
    fake.files.delete('onnx/model_quantized.onnx');
    assert.equal((await registry.resolve(choice)).dtype, 'fp32');
    await assert.rejects(registry.resolve({ ...choice, dtype: 'int8' }), /no int8 ONNX weights/);
  });

  it('finds a file that was damaged after the download', async () => {
    const id = await registry.resolve(choice);
    assert.equal(await registry.findDamage(id), undefined);
    const { weights } = await registry.locate(id);
    const data = await readFile(weights);
    data[150_000] = 8;
    await writeFile(weights, data);
    assert.equal(await registry.findDamage(id), weights);
  });

  it('says that a model is unknown when the Hub does not have it or it has no ONNX weights', async () => {
    fake.overrides.set('?blobs=true', (_, response) => response.writeHead(404).end());
    await failsWith('unknown-model', '404', 'lantern.model.name');
    fake.overrides.clear();
    fake.files.delete('onnx/model.onnx');
    fake.files.delete('onnx/model_quantized.onnx');
    await failsWith('unknown-model', 'ONNX');
    fake.files.delete('tokenizer.json');
    await failsWith('unknown-model');
    assert.deepEqual(fake.fetched, []);
  });

  it('says that it is offline when nobody answers', async () => {
    await fake.close();
    await failsWith('offline', 'could not be downloaded', 'Connect and try again');
    fake = new FakeHub();
  });

  it('says that it is offline when the Hub is down or a proxy answers', async () => {
    fake.overrides.set('?blobs=true', (_, response) => response.writeHead(503).end());
    await failsWith('offline', '503');
    fake.overrides.set('?blobs=true', (_, response) => response.end('<html>Sign in</html>'));
    await failsWith('offline');
    fake.overrides.set('?blobs=true', (_, response) => response.end('{"hello": 1}'));
    await failsWith('offline', 'no commit');
  });

  it('does not keep what broke off half-way, and fetches only the rest at the next try', async () => {
    fake.overrides.set('quantized.onnx', (_, response) => {
      response.setHeader('content-length', 300_000);
      response.write(Buffer.alloc(100_000, 7), () => response.destroy());
    });
    await failsWith('offline');
    fake.overrides.clear();
    fake.requests.length = 0;
    await registry.resolve(choice);
    assert.deepEqual(fake.fetched, ['onnx/model_quantized.onnx']);
    assert.deepEqual((await readdir(join(home, 'models', 'acme--tiny'))).sort(), [
      `${COMMIT}-int8`,
      'pins.json',
    ]);
  });

  it('refuses a file that is missing, shorter or not the published one', async () => {
    fake.overrides.set('tokenizer.json', (_, response) => response.writeHead(404).end());
    await failsWith('offline');
    fake.overrides.set('tokenizer.json', (_, response) => response.end('{}'));
    await failsWith('offline', 'tokenizer.json', 'bytes instead of');
    fake.overrides.clear();
    fake.overrides.set('quantized.onnx', (_, response) => response.end(Buffer.alloc(300_000, 9)));
    await failsWith('offline', 'not the published file');
  });

  it('gives up on a list or a file without an end, and writes nothing outside the folder', async () => {
    const endless: Answer = (_request, response) => {
      const part = Buffer.alloc(1024 * 1024, '[');
      const more = (): void => {
        while (!response.destroyed && response.write(part));
      };
      response.on('drain', more);
      more();
    };
    const before = process.memoryUsage.rss();
    for (const end of ['blobs=true', 'tokenizer.json']) {
      fake.overrides.set(end, endless);
      await failsWith('offline', 'has more than');
      fake.overrides.clear();
      tried('attacks');
    }
    const grown = (process.memoryUsage.rss() - before) / 1024 / 1024;
    assert.ok(grown < 300, `${Math.round(grown)} MiB more`);
  });

  it('ignores files whose name leads elsewhere or whose size is none', async () => {
    const listing = (siblings: readonly object[]): Answer => {
      const wanted = [...fake.files.keys()].map((rfilename) => ({ rfilename }));
      return (_request, response) =>
        response.end(JSON.stringify({ sha: COMMIT, siblings: [...siblings, ...wanted] }));
    };
    const names = [
      '../../escape.json',
      '/etc/passwd',
      'onnx/../../x.onnx',
      'a\\b.json',
      'C:\\x',
      'a\0b',
      '.',
      '',
    ];
    fake.overrides.set('blobs=true', listing(names.map((rfilename) => ({ rfilename, size: 2 }))));
    const { files } = await new Hub(nullLog, host).list(NAME, 'main');
    assert.deepEqual(
      files.map(({ path }) => path).sort(),
      [...fake.files.keys()].filter((path) => !path.includes('..')).sort(),
    );
    const sizes = [-1, 1.5, 1e15, Number.NaN, '7', {}];
    fake.overrides.set('blobs=true', listing(sizes.map((size, i) => ({ rfilename: `odd${i}`, size }))));
    const kept = (await new Hub(nullLog, host).list(NAME, 'main')).files.map(({ path }) => path);
    // NaN is null in JSON, which is no size, as where the Hub does not say it.
    assert.deepEqual(
      kept.filter((path) => path.startsWith('odd')),
      [],
    );
    tried('attacks', names.length + sizes.length);
  });

  it('stops when it is cancelled', async () => {
    const controller = new AbortController();
    fake.overrides.set('quantized.onnx', (_, response) => {
      response.setHeader('content-length', 300_000);
      response.write(Buffer.alloc(100_000, 7), () => controller.abort());
    });
    await assert.rejects(
      registry.resolve(choice, { signal: controller.signal }),
      (error) => error instanceof LanternError && error.code === 'cancelled',
    );
    assert.equal(await registry.find(choice), undefined);
  });

  it('gives a model that loads and embeds', async () => {
    for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
      fake.files.set(name, await readFile(join(bundled, name)));
    }
    fake.files.set('onnx/model_quantized.onnx', await readFile(join(bundled, 'onnx', 'model_int8.onnx')));
    fake.files.set('sentence_bert_config.json', Buffer.from('{"max_seq_length": 128}'));
    fake.files.set('config_sentence_transformers.json', Buffer.from('{"prompts": {"query": "query: "}}'));
    const files = await registry.locate(await registry.resolve(choice));
    const settings = { threads: 0, device: 'cpu' } as const;
    const session = await EmbeddingSession.load(files, { settings, log: nullLog });
    try {
      assert.equal(session.maxTokens, 128);
      assert.deepEqual((await session.embedQuery('x')).vector, (await session.embed(['query: x']))[0]);
    } finally {
      await session.release();
    }
  });
});

describe('ModelRegistry', () => {
  const local = { dataDir: '/nonexistent', log: nullLog };
  const registryOn = (machine: string): ModelRegistry =>
    new ModelRegistry({ ...local, modelsDir: modelsDir(import.meta.url), machine });
  const named = (name: string, rest: Partial<ModelChoice> = {}): ModelChoice => ({
    name,
    dtype: 'auto',
    device: 'auto',
    ...rest,
  });

  it('knows the bundled model by its names, with the precision that suits the machine', async () => {
    const linux = registryOn('linux-x64');
    for (const name of [
      'all-MiniLM-L6-v2',
      'sentence-transformers/all-MiniLM-L6-v2',
      'Xenova/all-MiniLM-L6-v2',
    ]) {
      assert.deepEqual(await linux.resolve(named(name)), {
        name: 'all-MiniLM-L6-v2',
        revision: '7dbc034d0620',
        dtype: 'int8',
      });
    }
    const mac = registryOn('darwin-arm64');
    assert.equal((await mac.resolve(named('all-MiniLM-L6-v2'))).dtype, 'fp32');
    assert.equal((await mac.resolve(named('all-MiniLM-L6-v2', { device: 'cpu' }))).dtype, 'int8');
    assert.equal((await mac.resolve(named('all-MiniLM-L6-v2', { dtype: 'int8' }))).dtype, 'int8');
  });

  it('has the revisions of the files that ship', async () => {
    const registry = registryOn('linux-x64');
    for (const dtype of ['int8', 'fp32'] as const) {
      const id = await registry.resolve(named('all-MiniLM-L6-v2', { dtype }));
      assert.equal(await registry.findDamage(id), undefined);
    }
  });

  it('gives a folder a revision that follows its content', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lantern local-'));
    try {
      await cp(bundled, folder, { recursive: true, filter: (file) => !file.endsWith('model.onnx') });
      const registry = registryOn('linux-x64');
      const id = await registry.resolve(named(folder));
      assert.equal(id.name, folder);
      assert.deepEqual(await registry.resolve(named(folder)), id);
      assert.equal((await registry.locate(id)).origin, 'local');
      await writeFile(join(folder, 'tokenizer.json'), '{}');
      assert.notEqual((await registry.resolve(named(folder))).revision, id.revision);
      await assert.rejects(
        registry.resolve(named(folder, { dtype: 'fp32' })),
        /has none of onnx\/model.onnx/,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('says what to do when a name means nothing', async () => {
    const registry = registryOn('linux-x64');
    for (const name of ['', '../x', 'a b', 'a/b/c', 'https://x.y/z', '/no/such/folder']) {
      await assert.rejects(registry.resolve(named(name)), (error) => {
        assert.ok(error instanceof LanternError);
        assert.equal(error.code, 'unknown-model');
        assert.ok(error.message.includes('`lantern models`'));
        return true;
      });
    }
  });

  it('touches no network to find a model of the Hub that is not here', async () => {
    assert.equal(await registryOn('linux-x64').find(named('acme/unheard-of')), undefined);
  });

  it('lists the bundled model first', async () => {
    const [first, ...rest] = await registryOn('linux-x64').list();
    assert.deepEqual(first?.dtypes, ['int8', 'fp32']);
    assert.ok(rest.length > 0 && rest.every((model) => model.state === 'downloadable'));
  });
});
