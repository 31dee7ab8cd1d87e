import assert from 'node:assert/strict';
import { TestFolder } from '../../test/support/testFolder.js';
import { walk } from './walk.js';
import { whyEmpty } from './whyEmpty.js';

describe('whyEmpty', () => {
  let folder: TestFolder;
  beforeEach(() => (folder = new TestFolder()));
  afterEach(() => folder.dispose());

  async function filesOf(): Promise<string[]> {
    const found: string[] = [];
    for await (const batch of walk(folder.root, { exclude: [], maxFileBytes: 1000 }))
      found.push(...batch.map(({ path }) => path));
    return found;
  }

  it('names the line that hides everything, and what has it indexed nevertheless', async () => {
    folder.write({ '.gitignore': '# all\n\n*.o\n/*\n', 'a.ts': 'a', 'sub/b.ts': 'b', 'c.o': 'c' });
    assert.deepEqual(await filesOf(), []);
    const why = whyEmpty(folder.root, {});
    assert.match(why, /^\.gitignore line 4, "\/\*", hides all 3 entries\. /);
    const remedy = /with the line "(.+)" has them indexed/.exec(why)?.[1] ?? '';
    folder.write({ '.lanternignore': `${remedy}\n` });
    assert.ok((await filesOf()).includes('a.ts') && (await filesOf()).includes('sub/b.ts'));
  });

  it('says of a rule of its own how to lose it', () => {
    folder.write({ '.lanternignore': '*.ts\n', 'a.ts': 'a', 'b.bin': 'b' });
    assert.equal(
      whyEmpty(folder.root, { ignored: 1, binary: 1 }),
      '.lanternignore line 1, "*.ts", hides 1 of 2 entries. Take the line out to index them.',
    );
  });

  it('lists the other reasons, and says when there is nothing', () => {
    assert.equal(whyEmpty(folder.root, {}), 'The folder is empty.');
    folder.write({ 'a.png': 'x' });
    assert.equal(
      whyEmpty(folder.root, { binary: 2, empty: 1 }),
      'What is in it was left out: 2 binary, 1 empty.',
    );
    assert.equal(whyEmpty(folder.root, {}), 'No file in it can be indexed.');
  });
});
