import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nullLog } from '../../../shared/src/log.js';
import { Refusals } from './refusals.js';

describe('Refusals', () => {
  let folder: string;
  let file: string;
  const path = (name: string): string => resolve('/work', name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lantern-refusals-'));
    file = join(folder, 'refused.json');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('concern the folder, what is in it and what is around it, also after a restart', async () => {
    await new Refusals(file, nullLog).add(path('app/src'));
    const refusals = new Refusals(file, nullLog);
    for (const name of ['app/src', 'app/src/a', 'app'])
      assert.equal(refusals.concerning(path(name)), path('app/src'), name);
    for (const name of ['app/srcs', 'app/lib', 'other'])
      assert.equal(refusals.concerning(path(name)), undefined);
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('end where the user indexes the folder or one around it, not one inside it', async () => {
    const refusals = new Refusals(file, nullLog);
    await Promise.all([refusals.add(path('app')), refusals.add(path('lib')), refusals.add(path('lib'))]);
    await refusals.lift(path('app/src'));
    assert.equal(refusals.concerning(path('app')), path('app'));
    await refusals.lift(path('app'));
    for (const one of [refusals, new Refusals(file, nullLog)]) {
      assert.equal(one.concerning(path('app')), undefined);
      assert.equal(one.concerning(path('lib')), path('lib'));
    }
  });

  it('set a damaged file aside', async () => {
    for (const text of ['{"refu', '[]', '{"refused":[1]}']) {
      writeFileSync(file, text);
      const refusals = new Refusals(file, nullLog);
      assert.equal(readFileSync(`${file}.damaged`, 'utf8'), text);
      assert.ok(!existsSync(file));
      await refusals.add(path('app'));
      assert.equal(new Refusals(file, nullLog).concerning(path('app')), path('app'));
    }
  });
});
