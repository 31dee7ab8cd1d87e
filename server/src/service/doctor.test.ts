import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nullLog } from '../../../shared/src/log.js';
import type { DoctorResult } from '../../../shared/src/protocol/protocol.js';
import type { Catalog } from '../catalog/catalog.js';
import { Chunker } from '../chunking/chunker.js';
import { formatDoctor } from '../cli/commands/doctor.js';
import { Parsers } from '../syntax/parsers.js';
import { RemoteChroma } from '../vectors/chroma/chromaRemote.js';
import { ChromaStore } from '../vectors/chroma/chromaStore.js';
import { ExactStore } from '../vectors/exactStore.js';
import { FallbackStore } from '../vectors/fallbackStore.js';
import { runChecks } from './doctor.js';
import type { SelectedModel } from './selectedModel.js';

describe('doctor', () => {
  let dataDir: string;
  before(() => (dataDir = mkdtempSync(join(tmpdir(), 'lantern-doctor-'))));
  after(() => rmSync(dataDir, { recursive: true }));

  /** The checks of a machine whose model, catalog and Chroma all fail. */
  async function checksOf(url: string): Promise<Record<string, DoctorResult['checks'][number]>> {
    const remote = new ChromaStore(new RemoteChroma(url), {
      tenant: 'default_tenant',
      database: 'default_database',
      apiKey: '',
      log: nullLog,
    });
    const store = new FallbackStore(remote, new ExactStore({ blocks: () => [], count: () => 0 }), nullLog);
    const fail = (): never => {
      throw new Error('model.onnx is damaged');
    };
    try {
      const { checks } = await runChecks({
        dataDir,
        store,
        chunker: new Chunker(new Parsers(join(dataDir, 'none'), nullLog)),
        catalog: {
          folders: () => [{ id: 1 }],
          counts: () => ({ chunks: 1 }),
          setAside: undefined,
        } as unknown as Catalog,
        model: {
          name: 'm',
          dimensions: 4,
          folder: '/models/m',
          countTokens: fail,
          findDamage: fail,
        } as unknown as SelectedModel,
      });
      return Object.fromEntries(checks.map((check) => [check.name, check]));
    } finally {
      await store.dispose();
    }
  }

  it('says of each fault what mends it, once, and nothing that does not', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const url = `http://127.0.0.1:${(closed.address() as AddressInfo).port}`;
    await once(closed.close(), 'close');
    const { catalog, chroma, model, node } = await checksOf(url);
    assert.equal(catalog?.detail, '1 folder, 1 chunk');
    assert.equal(node?.ok, true);
    assert.equal(
      chroma?.detail,
      `No Chroma server answers at ${url}. Start it, correct lantern.chroma.url, or clear it to use the built-in one.`,
    );
    assert.equal(chroma.fix, 'Until then an exact scan answers, which takes longer in large folders.');
    assert.equal(model?.detail, 'model.onnx is damaged');
    if (process.platform !== 'darwin')
      assert.match(model.fix ?? '', /^The model is in \/models\/m\. If it came/);
  });

  it('ends with what is to be mended', () => {
    const ok = { name: 'node', ok: true, detail: 'v20' };
    const bad = { name: 'disk', ok: false, detail: 'only 0.1 GiB free', fix: 'Free some space.' };
    const shown = (checks: DoctorResult['checks']): string =>
      formatDoctor({ checks }, { color: false, columns: 80 });
    assert.equal(shown([ok]), 'ok   node       v20\n\nAll is well.');
    assert.equal(
      shown([ok, bad]),
      'ok   node       v20\nFAIL disk       only 0.1 GiB free\n     Free some space.\n\nTo be mended: disk.',
    );
  });
});
