import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nullLog } from '../../../shared/src/log.js';
import { recordingLog } from '../../test/support/testLog.js';
import { TestFolder } from '../../test/support/testFolder.js';
import { Groups } from './groups.js';

describe('Groups', () => {
  let test: TestFolder;
  let file: string;
  let groups: Groups;

  beforeEach(() => {
    test = new TestFolder();
    file = join(test.home, 'groups.json');
    groups = new Groups(file, nullLog);
  });
  afterEach(() => test.dispose());

  const folder = (name: string): string => {
    const path = join(test.root, name);
    mkdirSync(path, { recursive: true });
    return path;
  };

  it('have folders that are added and taken out, and outlive the daemon', async () => {
    const [web, api] = [folder('web'), folder('api')];
    await groups.change({ name: 'shop', add: [web, api, web] });
    await groups.change({ name: 'all.of-it', add: [api] });
    const expected = [
      { name: 'all.of-it', folders: [api] },
      { name: 'shop', folders: [api, web] },
    ];
    assert.deepEqual(groups.list(), expected);
    const again = new Groups(file, nullLog);
    assert.deepEqual(again.list(), expected);
    assert.deepEqual(await again.change({ name: 'shop', remove: [api] }), [
      expected[0],
      { name: 'shop', folders: [web] },
    ]);
    await again.change({ name: 'shop', remove: [web] });
    await again.change({ name: 'all.of-it', remove: 'all' });
    assert.deepEqual(new Groups(file, nullLog).list(), []);
    if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('know a folder by its real path', async () => {
    const web = folder('web');
    const link = join(test.root, 'link');
    symlinkSync(web, link);
    assert.deepEqual(await groups.change({ name: 'shop', add: [link] }), [{ name: 'shop', folders: [web] }]);
    await groups.change({ name: 'shop', remove: [link] });
    assert.deepEqual(groups.list(), []);
  });

  it('are not changed by what is wrong, which is said', async () => {
    const web = folder('web');
    await groups.change({ name: 'shop', add: [web] });
    const before = groups.list();
    await assert.rejects(groups.change({ name: 'shop', add: [join(test.root, 'none')] }), {
      code: 'not-found',
    });
    await assert.rejects(groups.change({ name: 'shop', remove: [test.root] }), /is not in the group "shop"/);
    await assert.rejects(
      groups.change({ name: 'other', remove: 'all' }),
      /no group "other".*There are: "shop"/,
    );
    assert.throws(() => groups.folders('other'), /no group "other"/);
    assert.deepEqual(groups.list(), before);
    assert.throws(
      () => new Groups(join(test.home, 'none.json'), nullLog).folders('shop'),
      /lantern group add shop FOLDER/,
    );
  });

  it('of a damaged file stand aside', async () => {
    writeFileSync(file, '{"groups": [{"name": 7}]}');
    const { log, events } = recordingLog();
    const begun = new Groups(file, log);
    assert.deepEqual(begun.list(), []);
    assert.equal(events('warn').length, 1);
    assert.ok(existsSync(`${file}.damaged`));
    await begun.change({ name: 'shop', add: [folder('web')] });
    assert.match(readFileSync(file, 'utf8'), /"shop"/);
  });
});
