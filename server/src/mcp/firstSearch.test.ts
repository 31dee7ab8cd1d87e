import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TestAgents, textOf } from '../../test/support/testAgent.js';

const files = {
  'src/retry.ts': 'export function retryUpload() {\n  return upload();\n}\n',
  'lib/tax.py': 'def tax(total):\n    return total * 0.2\n',
};

describe('the first search of an agent', () => {
  let agents: TestAgents;

  beforeEach(() => (agents = new TestAgents(files)));
  afterEach(() => agents.dispose());

  interface Open {
    readonly roots?: readonly string[];
    readonly workingDirectory?: string;
  }

  async function search(open: Open, args: Record<string, unknown> = {}) {
    const agent = await agents.connect(open);
    const answer = await agent.callTool({
      name: 'search_code',
      arguments: { query: 'retryUpload', ...args },
    });
    return { text: textOf(answer), isError: answer.isError === true };
  }

  const indexed = () => agents.service.service.indexedFolders().map(({ path }) => path);

  it('indexes the open folder, and answers from it', async () => {
    const { text } = await search({ roots: [agents.root] });
    assert.match(text, /^\[1\] src\/retry\.ts:1-3/m);
    assert.match(text, /All 2 files are indexed\./);
    assert.deepEqual(indexed(), [agents.root]);
  });

  it('indexes the folder in which the bridge was started', async () => {
    const { text } = await search({ workingDirectory: agents.root });
    assert.match(text, /^\[1\] src\/retry\.ts:1-3/m);
  });

  it('indexes the open folder when it looks in a part of it', async () => {
    const { text } = await search({ roots: [agents.root] }, { folder: 'src' });
    assert.match(text, /^\[1\] retry\.ts:1-3/m);
    assert.ok(!text.includes('tax.py'));
    assert.deepEqual(indexed(), [agents.root]);
  });

  it('answers from what is there when the index takes long, and says that it is not all', async () => {
    const { embedder } = agents.service.index;
    let goOn = (): void => undefined;
    embedder.before = () => new Promise<void>((settle) => (goOn = settle));
    const began = performance.now();
    try {
      const { text } = await search({ roots: [agents.root] });
      assert.match(
        text,
        /All 2 files are read, 2 of them without all their vectors yet: the order may change\./,
      );
      assert.match(text, /^\[1\] src\/retry\.ts:1-3/m);
      const elapsed = performance.now() - began;
      assert.ok(elapsed > 1900 && elapsed < 5000, `${elapsed} ms`);
    } finally {
      embedder.before = () => undefined;
      goOn();
    }
  });

  it('indexes no folder that is not open', async () => {
    const other = join(agents.root, '..', 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'a.ts'), 'export const retryUpload = 1;\n');
    symlinkSync(other, join(agents.root, 'link'));
    for (const folder of [other, join(agents.root, 'link'), dirname(agents.root)]) {
      const { text, isError } = await search({ roots: [agents.root] }, { folder });
      assert.ok(isError);
      assert.match(text, /not indexed yet\. Call index_directory with path/);
    }
    assert.deepEqual(indexed(), []);
  });

  it('indexes no folder that no agent may index, and says why', async () => {
    const refused = await search({ roots: ['/etc'] });
    assert.ok(refused.isError);
    assert.match(refused.text, /\/etc is not indexed for an agent: it belongs to the system\./);
    const missing = await search({ roots: [join(agents.root, 'nowhere')] });
    assert.ok(missing.isError);
    const both = await search({ roots: ['/etc', agents.root] });
    assert.match(both.text, /src\/retry\.ts:1-3/);
    assert.match(both.text, /\/etc is not indexed for an agent/);
    assert.deepEqual(indexed(), [agents.root]);
  });

  it('indexes no folder that the user refused, nor one around or inside it, until the user indexes it', async () => {
    const { service } = agents.service;
    await service.refuse(join(agents.root, 'src'));
    for (const root of [agents.root, join(agents.root, 'src')]) {
      const { text, isError } = await search({ roots: [root] });
      assert.ok(isError);
      assert.match(text, /is not indexed: its user has said in the editor not to index \S+\/src\./);
    }
    const agent = await agents.connect({ roots: [agents.root] });
    const told = await agent.callTool({ name: 'index_directory', arguments: { path: agents.root } });
    assert.ok(told.isError);
    assert.match(textOf(told), /Only the user can change that, with: lantern index/);
    assert.deepEqual(indexed(), []);
    // A search by a person is no such word either.
    await assert.rejects(
      service.search({ query: 'x', path: agents.root, patienceMs: 10 }, { folders: () => [] }),
      /in the editor you have said of/,
    );
    assert.deepEqual(indexed(), []);

    await service.index({ path: agents.root }, () => undefined);
    assert.match((await search({ roots: [agents.root] })).text, /^\[1\] src\/retry\.ts:1-3/m);
    await service.remove(agents.root);
    // It stays lifted when the index is gone.
    assert.match((await search({ roots: [agents.root] })).text, /src\/retry\.ts:1-3/);
  });

  it('leaves a folder in peace of which the user says no again', async () => {
    const { service } = agents.service;
    await service.index({ path: agents.root }, () => undefined);
    await service.refuse(agents.root);
    assert.match((await search({ roots: [agents.root] })).text, /src\/retry\.ts:1-3/);
    await service.remove(agents.root);
    assert.ok((await search({ roots: [agents.root] })).isError);
  });

  it('says of a folder without files that there is nothing to search', async () => {
    const empty = join(agents.root, '..', 'empty');
    mkdirSync(empty);
    const { text } = await search({ roots: [empty] });
    assert.match(text, /^There is no file to search: The folder is empty\.$/m);
  });
});
