import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig, removeConfig, writeConfig } from './configFile.js';

describe('a configuration file', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lantern-config-'));
    file = join(folder, 'settings.json');
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('that changes after it was read is neither replaced nor removed', async () => {
    writeFileSync(file, 'read');
    const before = await readConfig(file);
    writeFileSync(file, 'by another');
    await assert.rejects(writeConfig(before, 'ours', 0o600), /changed by another program/);
    await assert.rejects(removeConfig(before, undefined), /changed by another program/);
    const missing = await readConfig(join(folder, 'new.json'));
    writeFileSync(missing.path, 'by another');
    await assert.rejects(writeConfig(missing, 'ours', 0o600), /changed by another program/);
    assert.deepEqual(readdirSync(folder), ['new.json', 'settings.json']);
    for (const one of [file, missing.path]) assert.equal(readFileSync(one, 'utf8'), 'by another');
  });

  it('that only others may write is left alone', async function () {
    // Root may write everything.
    if (process.platform === 'win32' || process.getuid?.() === 0) this.skip();
    writeFileSync(file, 'read');
    chmodSync(file, 0o444);
    await assert.rejects(writeConfig(await readConfig(file), 'ours', 0o600), /could not be written/);
    assert.equal(readFileSync(file, 'utf8'), 'read');
    assert.deepEqual(readdirSync(folder), ['settings.json']);
  });

  it('keeps its mode, whatever the mask is', async function () {
    if (process.platform === 'win32') this.skip();
    writeFileSync(file, 'read');
    chmodSync(file, 0o666);
    await writeConfig(await readConfig(file), 'ours', 0o600);
    assert.equal(statSync(file).mode & 0o777, 0o666);
    assert.equal(readFileSync(file, 'utf8'), 'ours');
  });
});
