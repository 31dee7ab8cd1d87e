import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changeSettings } from './settingsFile.js';

describe('changeSettings', () => {
  let dir: string;
  const read = async (): Promise<unknown> => JSON.parse(await readFile(join(dir, 'settings.json'), 'utf8'));

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'lantern-settings-'));
  });

  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('writes nothing for what holds already', async () => {
    assert.equal(await changeSettings(dir, new Map([['model.threads', 0]])), false);
    assert.deepEqual(await readdir(dir), []);
  });

  it('keeps what others wrote, takes values away, and says whether anything differs', async () => {
    await writeFile(join(dir, 'settings.json'), '{"index":{"exclude":["gen/"]},"theirs":1}');
    assert.equal(await changeSettings(dir, new Map([['model.threads', 2]])), true);
    assert.deepEqual(await read(), { index: { exclude: ['gen/'] }, theirs: 1, model: { threads: 2 } });
    assert.equal(await changeSettings(dir, new Map([['model.threads', 2]])), false);
    assert.equal(await changeSettings(dir, new Map([['model.threads', undefined]])), true);
    assert.deepEqual(await read(), { index: { exclude: ['gen/'] }, theirs: 1, model: {} });
  });

  it('writes a file that nobody else can read, and leaves nothing beside it', async function () {
    if (process.platform === 'win32') this.skip();
    await changeSettings(dir, new Map([['chroma.apiKey', 'secret']]));
    assert.equal((await stat(join(dir, 'settings.json'))).mode & 0o777, 0o600);
    assert.deepEqual(await readdir(dir), ['settings.json']);
  });

  it('rejects invalid values, and repairs a file that has one', async () => {
    await assert.rejects(
      changeSettings(dir, new Map([['model.dtype', 'int3']])),
      /model\.dtype.*must be one of/,
    );
    await writeFile(join(dir, 'settings.json'), '{"model":{"dtype":"int3"}}');
    assert.equal(await changeSettings(dir, new Map([['model.dtype', undefined]])), true);
    assert.deepEqual(await read(), { model: {} });
    await writeFile(join(dir, 'settings.json'), 'no');
    await assert.rejects(changeSettings(dir, new Map()), /cannot be used.*Repair or remove it/);
  });
});
