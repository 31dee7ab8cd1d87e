import assert from 'node:assert/strict';
import { nullLog } from '../../../shared/src/log.js';
import { tokens } from '../lexical/tokens.js';
import type { Folder } from './folders.js';
import { Parsers } from '../syntax/parsers.js';
import { TestGrammars } from '../../test/support/testGrammars.js';
import { TestIndex } from '../../test/support/testIndex.js';
import { usageLines } from '../lexical/usageLines.js';

describe('usage lines', () => {
  const owners: Readonly<Record<string, number>> = { openDoor: 1, Hinge: 2, Latch: 3, Frame: 4 };
  const lines = (text: string, commentRows: number[] = []): [number, string][] => [
    ...usageLines(text, new Set(commentRows), (name) => owners[name]),
  ];

  it('are those that name what another file defines, with the comment above', () => {
    assert.deepEqual(lines('nothing here\n// when it rings\n  openDoor(now);\nclose();', [2]), [
      [1, tokens('openDoor(now); when it rings').join(' ')],
    ]);
    assert.deepEqual(lines('// not a comment by its row\nopenDoor();'), [[1, tokens('openDoor').join(' ')]]);
  });

  it('count for each file that they name, unless they name many', () => {
    assert.deepEqual(
      lines('new Hinge(openDoor)').map(([target]) => target),
      [2, 1],
    );
    assert.deepEqual(lines('openDoor Hinge Latch Frame'), []);
  });

  it('pass over data, and stop at a number that says enough', () => {
    assert.deepEqual(lines(`openDoor ${'x '.repeat(300)}`), []);
    assert.ok((lines('openDoor();\n'.repeat(500))[0]?.[1].split(' ').length ?? 0) <= 40 * 3);
  });
});

describe('usage in the catalog', () => {
  const files = {
    'door.ts': 'export function openDoor(): void {}\n',
    'hall.ts': '// lets the guests in\nopenDoor();\n',
    'other.ts': 'export const unrelated = 1;\n',
  };
  let grammars: TestGrammars;
  let parsers: Parsers;
  let test: TestIndex;
  let folder: Folder;

  before(async () => {
    grammars = await TestGrammars.make(['typescript']);
    parsers = new Parsers(grammars.folder, nullLog);
  });
  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });
  beforeEach(async () => {
    test = new TestIndex(files, parsers);
    folder = await test.open();
    await folder.indexer.scan();
  });
  afterEach(() => test.dispose());

  /** Files of which others speak with this word. */
  function saidOf(word: string): string[] {
    const { id } = folder.indexer.folder;
    const docs = test.catalog.lexical.docs(id);
    const [postings] = test.catalog.lexical.match(id, tokens(word));
    return (postings?.fields.usage.docs ?? []).map((number) => docs.files[number]?.path ?? '').sort();
  }

  async function change(written: Readonly<Record<string, string>>): Promise<void> {
    test.write(written);
    await folder.indexer.scan();
  }

  it('is there after the first scan', () => {
    assert.deepEqual(saidOf('guests'), ['door.ts']);
    assert.deepEqual(saidOf('unrelated'), []);
  });

  it('changes with the file that has the usage lines', async () => {
    await change({ 'hall.ts': '// for the postman\nopenDoor();\n' });
    assert.deepEqual([saidOf('guests'), saidOf('postman')], [[], ['door.ts']]);
    await test.remove('hall.ts');
    await folder.indexer.scan();
    assert.deepEqual(saidOf('postman'), []);
  });

  it('follows a definition that moves', async () => {
    await change({ 'door.ts': 'export const empty = 0;\n', 'gate.ts': files['door.ts'] });
    assert.deepEqual(saidOf('guests'), ['gate.ts']);
  });

  it('ends when a name has two owners, and is back when it has one again', async () => {
    await change({ 'gate.ts': files['door.ts'] });
    assert.deepEqual(saidOf('guests'), []);
    await test.remove('gate.ts');
    await folder.indexer.scan();
    assert.deepEqual(saidOf('guests'), ['door.ts']);
  });

  it('is the same as if all had been indexed at once', async () => {
    await change({
      'late.ts': 'export class LateComer {}\n',
      'hall.ts': '// waits\nnew LateComer();\nopenDoor();\n',
    });
    await change({ 'door.ts': '// moved\nexport function openDoor(): void {}\n' });
    const words = ['waits', 'late', 'open', 'door', 'guests', 'comer'];
    const grown = words.map(saidOf);
    await test.folders.remove(test.root);
    folder = await test.open();
    await folder.indexer.scan();
    assert.deepEqual(words.map(saidOf), grown);
  });
});
