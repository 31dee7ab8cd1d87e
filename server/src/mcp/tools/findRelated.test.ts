import assert from 'node:assert/strict';
import type { Client } from '@modelcontextprotocol/client';
import type { z } from 'zod';
import { nullLog } from '../../../../shared/src/log.js';
import { TestAgents, textOf } from '../../../test/support/testAgent.js';
import { TestGrammars } from '../../../test/support/testGrammars.js';
import { Parsers } from '../../syntax/parsers.js';
import { formKey } from '../answers/form.js';
import { hitsShape } from '../answers/hitsAnswer.js';

const files = {
  'upload.ts': 'export function upload() {\n  return send();\n}\n\nfunction send() {}\n',
  'retry.ts': 'import { upload } from "./upload";\n\nexport function retry() {\n  return upload();\n}\n',
};

describe('find_related', () => {
  let grammars: TestGrammars;
  let parsers: Parsers;
  let agents: TestAgents;
  let agent: Client;

  before(async () => {
    grammars = await TestGrammars.make(['typescript']);
    parsers = new Parsers(grammars.folder, nullLog);
    agents = new TestAgents(files, parsers);
    agent = await agents.connect({ roots: [agents.root] });
    await agent.callTool({ name: 'index_directory', arguments: { path: agents.root } });
  });

  after(async () => {
    await agents.dispose();
    parsers.dispose();
    await grammars.remove();
  });

  const call = (args: Record<string, unknown>) =>
    agent.callTool({ name: 'find_related', arguments: { path: 'upload.ts', ...args } });
  const hitsOf = async (args: Record<string, unknown>): Promise<z.output<typeof hitsShape>['hits']> => {
    const answer = await agent.callTool({
      name: 'find_related',
      arguments: { path: 'upload.ts', ...args },
      _meta: { [formKey]: 'structured' },
    });
    return hitsShape.parse(answer.structuredContent).hits;
  };
  const said = async (args: Record<string, unknown>): Promise<unknown[]> =>
    (await hitsOf(args)).map(({ path, symbol, relations, via }) => [path, symbol, relations?.join(), via]);

  it('says how each hit is related, in its first line and its structure', async () => {
    const [first] = await hitsOf({ line: 1, relation: 'called_by' });
    assert.equal(first?.relations?.[0], 'called_by');
    const text = textOf(await call({ line: 1, relation: 'called_by' }));
    assert.match(text, /^\[1\] retry\.ts:3-5 retry \(called_by(?:, similar)?\)$/m);
  });

  it('finds what has one relation, over two steps when asked', async () => {
    assert.deepEqual(await said({ line: 5, relation: 'called_by', steps: 2 }), [
      ['upload.ts', 'upload', 'called_by,similar', undefined],
      ['retry.ts', 'retry', 'called_by', 'upload'],
    ]);
    assert.deepEqual(await said({ line: 5, relation: 'tests' }), []);
  });

  it('refuses a relation that it does not know, and says which there are', async () => {
    const answer = await call({ line: 1, relation: 'callers' });
    assert.equal(answer.isError, true);
    assert.match(textOf(answer), /relation.*called_by/s);
  });
});
