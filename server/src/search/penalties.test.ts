import assert from 'node:assert/strict';
import { isForOtherSystem, isHeaderOnly, isTestPath, penalty, supersededPaths } from './penalties.js';
import { parseQuery } from './query.js';

const context = {
  platform: 'linux',
  superseded: supersededPaths(['v3/a.ts', 'v4/a.ts', 'src/v1/b.ts']),
  isHeaderOnly: () => false,
};
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

  it('know tests by their folders and names', () => {
    for (const path of [
      'trio/_core/_tests/run.py',
      'Src/Json.Tests/Door.cs',
      'src/CoreTests/Door.cs',
      'src/UnitTests/Door.cs',
      't/mojo/door.t',
      't/lib/Door.pm',
      'tests/testthat/_snaps/door.md',
      'r/testthat/door.R',
      'conftest.py',
      'fixtures/a/door.test',
    ])
      assert.ok(isTestPath(path), path);
    for (const path of [
      'src/latest/door.ts',
      'attest.go',
      'zaptest/observer.go',
      'src/t/door.ts',
      'contest/a.py',
    ])
      assert.ok(!isTestPath(path), path);
  });

  it('put the tests less behind when the query speaks of a test, and not at all when it asks for tests', () => {
    const [no, maybe] = [factor('door_test.go'), factor('door_test.go', 'open the door in a test')];
    assert.ok(no < maybe && maybe < 1);
    assert.equal(factor('door_test.go', 'tests that open the door'), 1);
    assert.ok(factor('door.go', 'tests that open the door') < 1, 'and the code behind the tests');
    assert.equal(factor('door.go', 'open the door in a test'), 1);
  });

  it('put behind what is beside the code, unless the query asks for it', () => {
    for (const [path, query] of [
      ['benchmarks/door.cc', 'benchmark of the door'],
      ['door_bench.go', 'benchmark of the door'],
      ['LICENSE', 'licence of the door'],
      ['ChangeLog-2.0', 'change log'],
      ['Makefile.in', 'how the door is built'],
      ['cmake/door.cmake', 'compiler flags of the door'],
      ['configure.ac', 'how is the door built'],
      ['vignettes/door.Rmd', 'guide to doors'],
      ['lib/Doors/Guides/Door.pod', 'documentation of doors'],
      ['scripts/door.sh', 'script for the door'],
    ] as const) {
      assert.ok(factor(path) < 1, path);
      assert.equal(factor(path, query), 1, path);
    }
    assert.ok(factor('single_include/door.hpp') < 1);
    assert.ok(factor('Makefile', 'make the door release its lock') < 1);
    for (const path of ['src/workbench/door.ts', 'app/door.html', 'src/Changes.tsx'])
      assert.equal(factor(path), 1, path);
  });

  it('leave headers alone where they have the code', () => {
    const files = (...paths: string[]) => paths.map((path) => ({ path }));
    const headers = ['include/a.hpp', 'include/b.hpp', 'include/c.hpp', 'include/d.h', 'include/e.h'];
    assert.ok(isHeaderOnly(files(...headers, 'tests/a.cpp', 'docs/b.cpp', 'src/one.cpp')));
    assert.ok(!isHeaderOnly(files(...headers, 'src/one.cpp', 'src/two.cpp')));
    assert.ok(!isHeaderOnly(files('a.ts')));
    assert.equal(penalty('a.hpp', parseQuery('x'), { ...context, isHeaderOnly: () => true }).factor, 1);
  });

  it('say why', () => {
    assert.equal(penalty('a_test.go', parseQuery('x'), context).reason, 'test');
    assert.equal(penalty('a.go', parseQuery('x'), context).reason, undefined);
  });
});
