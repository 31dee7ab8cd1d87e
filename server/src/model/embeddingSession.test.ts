import assert from 'node:assert/strict';
import { cp, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LanternError } from '../../../shared/src/errors.js';
import { nullLog } from '../../../shared/src/log.js';
import { modelsDir } from '../paths.js';
import { EmbeddingSession } from './embeddingSession.js';
import { cosine, readGolden } from './goldenCheck.js';
import type { Graph, OpenGraph, Provider } from './graph.js';
import { readModelFolder } from './modelFolder.js';
import type { ModelFiles } from './modelFolder.js';
import type { Dtype } from './modelId.js';

const bundled = join(modelsDir(import.meta.url), 'all-MiniLM-L6-v2');
const cpu = { settings: { threads: 0, device: 'cpu' }, log: nullLog } as const;

const filesOf = (folder: string, dtype: Dtype): Promise<ModelFiles> =>
  readModelFolder({ name: folder, revision: 'r', dtype }, 'local', folder);

const hasCode =
  (code: string, ...words: string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof LanternError, String(error));
    assert.equal(error.code, code);
    for (const word of words) assert.ok(error.message.includes(word), `${error.message} lacks "${word}"`);
    return true;
  };

describe('EmbeddingSession', () => {
  describe('with the bundled int8 model', () => {
    let session: EmbeddingSession;

    before(async () => {
      session = await EmbeddingSession.load(await filesOf(bundled, 'int8'), cpu);
    });

    after(() => session.release());

    it('knows what it is', () => {
      assert.equal(session.dimensions, 384);
      assert.equal(session.maxTokens, 256);
      assert.equal(session.tokenizer.specialTokens, 2);
      assert.equal(session.provider.kind, 'cpu');
      assert.ok(session.bytes >= 22_000_000, `${session.bytes} bytes`);
    });

    it('gives unit vectors near the reference for every golden text', async () => {
      for (const { text, embedding } of await readGolden(session.files)) {
        const [result] = await session.embedTruncated([text]);
        assert.ok(result);
        assert.ok(Math.abs(Math.hypot(...result.vector) - 1) < 1e-5);
        const similarity = cosine(result.vector, embedding);
        assert.ok(similarity > 0.975, `${similarity} for "${text.slice(0, 30)}"`);
      }
    });

    it('gives a text the same vector, bit for bit, whatever is embedded before or after it', async () => {
      const texts = ['', 'a', 'retry a failed upload', 'x = 1\n'.repeat(40), 'größe 漢字', 'a b c d e f g h'];
      const alone: Float32Array[] = [];
      for (const text of texts) alone.push(...(await session.embed([text])));
      assert.deepEqual(await session.embed(texts), alone);
      assert.deepEqual((await session.embed([...texts].reverse())).reverse(), alone);
      const [repeated] = await Promise.all([
        session.embed([...texts, ...texts], { holder: 'one' }),
        session.embed([...texts, ...texts], { holder: 'two', priority: 'query' }),
      ]);
      assert.deepEqual(repeated, [...alone, ...alone]);
      const again = await EmbeddingSession.load(session.files, cpu);
      try {
        assert.deepEqual(await again.embed(texts), alone);
      } finally {
        await again.release();
      }
    });

    it('never cuts a chunk, and says when it cut a query', async () => {
      const long = 'word '.repeat(300);
      await assert.rejects(
        session.embed(['fine', long]),
        hasCode('bad-request', '256 tokens', 'smaller chunks'),
      );
      const cut = await session.embedQuery(long);
      assert.equal(cut.truncated, true);
      assert.deepEqual([cut.vector], await session.embed(['word '.repeat(254)]));
      assert.equal((await session.embedQuery('short')).truncated, false);
    });

    it('stops between texts when it is cancelled, and then works on', async () => {
      const controller = new AbortController();
      const many = session.embed(
        Array.from({ length: 200 }, (_, at) => `text ${at}`),
        {
          signal: controller.signal,
        },
      );
      await session.embedQuery('a query goes first');
      assert.ok(session.pending > 0);
      controller.abort();
      await assert.rejects(many, hasCode('cancelled'));
      assert.equal(session.pending, 0);
      assert.equal((await session.embed(['next'])).length, 1);
    });

    it('lets timers and sockets run between texts', async () => {
      let turns = 0;
      const timer = setInterval(() => (turns += 1), 0);
      try {
        await session.embed(Array.from({ length: 30 }, (_, at) => `text ${at} `.repeat(20)));
      } finally {
        clearInterval(timer);
      }
      assert.ok(turns >= 5, `${turns} turns`);
    });
  });

  it('gives the reference vectors with fp32', async () => {
    const session = await EmbeddingSession.load(await filesOf(bundled, 'fp32'), cpu);
    try {
      for (const { text, embedding } of await readGolden(session.files)) {
        assert.ok(cosine((await session.embedQuery(text)).vector, embedding) > 0.9995);
      }
    } finally {
      await session.release();
    }
  });

  it('runs on the CPU and says why where CoreML is asked for and cannot be had', async () => {
    const files = await filesOf(bundled, 'fp32');
    const settings = { threads: 1, device: 'coreml' } as const;
    const session = await EmbeddingSession.load(files, { settings, log: nullLog, machine: 'linux-x64' });
    const { provider } = session;
    await session.release();
    assert.ok(provider.kind === 'cpu-fallback');
    assert.match(provider.reason, /macOS/);
  });

  it('agrees with the golden vectors on CoreML, on a Mac that has it', async function () {
    if (`${process.platform}-${process.arch}` !== 'darwin-arm64') this.skip();
    const settings = { threads: 1, device: 'coreml' } as const;
    const files = await filesOf(bundled, 'fp32');
    const session = await EmbeddingSession.load(files, { settings, log: nullLog });
    try {
      const { provider } = session;
      // A virtual Mac may have CoreML without the processors that make it fast.
      assert.ok(
        provider.kind === 'coreml' ||
          (provider.kind === 'cpu-fallback' ? provider.reason : '').includes('slower'),
      );
      for (const { text, embedding } of await readGolden(session.files))
        assert.ok(cosine((await session.embedQuery(text)).vector, embedding) > 0.999);
    } finally {
      await session.release();
    }
  });

  it('gives no text a vector after its release', async () => {
    const session = await EmbeddingSession.load(await filesOf(bundled, 'int8'), cpu);
    const waiting = session.embed(['a', 'b', 'c', 'd']);
    const rejected = assert.rejects(waiting, hasCode('unavailable'));
    await session.release();
    await rejected;
    await assert.rejects(session.embed(['a']), hasCode('unavailable'));
  });

  describe('with damaged files', () => {
    let folder: string;

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'lantern-model-'));
      await cp(bundled, folder, { recursive: true, filter: (file) => !file.endsWith('model.onnx') });
    });

    afterEach(() => rm(folder, { recursive: true, force: true }));

    const weights = (): string => join(folder, 'onnx', 'model_int8.onnx');
    const load = async (): Promise<EmbeddingSession> =>
      EmbeddingSession.load(await filesOf(folder, 'int8'), cpu);

    it('refuses missing weights', async () => {
      await rm(weights());
      await assert.rejects(load(), hasCode('model-damaged', 'no int8 weights', folder));
    });

    it('refuses a missing configuration', async () => {
      await rm(join(folder, 'config.json'));
      await assert.rejects(load(), hasCode('model-damaged', 'config.json'));
    });

    it('refuses cut weights', async () => {
      await truncate(weights(), 15_000_000);
      await assert.rejects(load(), hasCode('model-damaged', 'model_int8.onnx', 'Put the files there again'));
    });

    it('refuses weights that are something else', async () => {
      await writeFile(weights(), '<html>Sign in</html>');
      await assert.rejects(load(), hasCode('model-damaged', 'model_int8.onnx'));
    });

    it('refuses weights that load and compute nonsense', async () => {
      const file = await open(weights(), 'r+');
      try {
        // Inside one matrix of the last layers, so that the file's structure stays whole.
        await file.write(Buffer.alloc(100_000, 0x55), 0, 100_000, 20_000_000);
      } finally {
        await file.close();
      }
      await assert.rejects(load(), hasCode('model-damaged', 'vectors are wrong'));
    });

    it('refuses golden texts that cannot be read', async () => {
      await writeFile(join(folder, 'golden.json'), '{"cases": 1}');
      await assert.rejects(load(), hasCode('model-damaged', 'golden.json'));
    });

    it('loads a model that brings none', async () => {
      await rm(join(folder, 'golden.json'));
      const session = await load();
      assert.equal(session.maxTokens, 512);
      await session.release();
    });
  });

  describe('with CoreML as a fake', () => {
    const mac = { settings: { threads: 1, device: 'auto' }, log: nullLog, machine: 'darwin-arm64' } as const;
    let released: string[];
    let files: ModelFiles;

    before(async () => {
      files = await filesOf(bundled, 'fp32');
    });

    beforeEach(() => {
      released = [];
    });

    /** Answers with the golden vectors; `coreml` may answer otherwise. */
    const opener =
      (coreml: (right: Float32Array) => Promise<Float32Array>): OpenGraph =>
      async (opened, provider): Promise<Graph> => {
        const golden = await readGolden(opened);
        let at = 0;
        return {
          run: async () => {
            // Golden texts come in their own order, from the shortest.
            const right = Float32Array.from(golden[at++ % golden.length]?.embedding ?? []);
            if (provider.kind === 'coreml') return coreml(right);
            await new Promise((resolve) => setTimeout(resolve, 3));
            return right;
          },
          release: () => {
            released.push(provider.kind);
            return Promise.resolve();
          },
        };
      };

    const providerWith = async (open: OpenGraph): Promise<Provider> => {
      const session = await EmbeddingSession.load(files, mac, open);
      return session.provider;
    };

    it('is used when it agrees with the golden vectors and is faster', async () => {
      assert.deepEqual(await providerWith(opener((right) => Promise.resolve(right))), {
        kind: 'coreml',
        flags: 0x10,
      });
      assert.deepEqual(released, ['cpu']);
    });

    it('is given up when its vectors are wrong', async () => {
      const provider = await providerWith(
        opener((right) => Promise.resolve(right.map((x, at) => x + at / 1000))),
      );
      assert.ok(provider.kind === 'cpu-fallback');
      assert.match(provider.reason, /vectors are wrong/);
      assert.deepEqual(released, ['cpu', 'coreml']);
    });

    it('is given up when it is slower', async () => {
      const slow = async (right: Float32Array): Promise<Float32Array> => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return right;
      };
      const provider = await providerWith(opener(slow));
      assert.ok(provider.kind === 'cpu-fallback');
      assert.match(provider.reason, /slower/);
    });

    it('is given up when it fails, and when it does not start', async () => {
      const failing = await providerWith(opener(() => Promise.reject(new Error('no such kernel'))));
      assert.ok(failing.kind === 'cpu-fallback');
      assert.match(failing.reason, /no such kernel/);
      const sound = opener((right) => Promise.resolve(right));
      const absent = await providerWith((opened, provider) =>
        provider.kind === 'coreml' ? Promise.reject(new Error('not in this build')) : sound(opened, provider),
      );
      assert.ok(absent.kind === 'cpu-fallback');
      assert.match(absent.reason, /not in this build/);
    });

    it('is not tried with int8 weights', async () => {
      const int8 = await filesOf(bundled, 'int8');
      const kinds: string[] = [];
      const open: OpenGraph = (opened, provider) => {
        kinds.push(provider.kind);
        return opener((right) => Promise.resolve(right))(opened, provider);
      };
      await EmbeddingSession.load(int8, mac, open);
      assert.deepEqual(kinds, ['cpu']);
    });
  });
});
