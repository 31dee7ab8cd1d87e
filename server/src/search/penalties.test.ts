import assert from 'node:assert/strict';
import { isForOtherSystem, penalty, supersededPaths } from './penalties.js';
import { parseQuery } from './query.js';

const context = { platform: 'linux', superseded: supersededPaths(['v3/a.ts', 'v4/a.ts', 'src/v1/b.ts']) };
const factor = (path: string, query = 'open the door'): number =>
  penalty(path, parseQuery(query), context).factor;

describe('penalties', () => {
  it('know another system by a part of the path, not by letters in it', () => {
    for (const path of ['src/win/pipe.c', 'src/pipe_windows.go', 'darwin.rs', 'lib/fs-win32.ts'])
      assert.ok(isForOtherSystem(path, 'linux'), path);
    for (const path of ['src/window.ts', 'winner.go', 'unix/pipe.c', 'linux/epoll.c'])
      assert.ok(!isForOtherSystem(path, 'linux'), path);
    assert.ok(!isForOtherSystem('src/win/pipe.c', 'win32'));
    assert.ok(isForOtherSystem('src/darwin.rs', 'win32'));
  });

  it('put other systems behind, unless the query names one', () => {
    assert.ok(factor('src/win/door.c') < 1);
    assert.equal(factor('src/win/door.c', 'open the door on Windows'), 1);
  });

  it('put an older version behind the newer one beside it', () => {
    assert.ok(factor('v3/a.ts') < 1);
    assert.equal(factor('v4/a.ts'), 1);
    assert.equal(factor('src/v1/b.ts'), 1, 'the only one');
    assert.equal(factor('v3/a.ts', 'doors of v3'), 1);
  });

  it('put third parties, hidden folders, declarations and data behind', () => {
    for (const path of [
      'vendor/x/a.go',
      '.github/labeler.yml',
      'include/door.h',
      'types.d.ts',
      'labels.json',
    ])
      assert.ok(factor(path) < 1, path);
    assert.equal(factor('labels.json', 'settings of the door'), 1);
    assert.equal(factor('src/door.ts'), 1);
  });

  it('say why', () => {
    assert.equal(penalty('a_test.go', parseQuery('x'), context).reason, 'test');
    assert.equal(penalty('a.go', parseQuery('x'), context).reason, undefined);
  });
});
