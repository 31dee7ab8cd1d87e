import assert from 'node:assert/strict';
import { nullLog } from '../../../shared/src/log.js';
import type { FindRelatedParams, SearchResult } from '../../../shared/src/protocol/protocol.js';
import { TestGrammars } from '../../test/support/testGrammars.js';
import { TestService } from '../../test/support/testService.js';
import { Parsers } from '../syntax/parsers.js';

const files = {
  'oil.ts': 'export function oilHinge(): void {\n  wipe();\n}\n\nfunction wipe(): void {}\n',
  'oil.test.ts': `import { oilHinge } from './oil';\n\nit('is oiled', () => {\n  oilHinge();\n});\n`,
  'clean.ts': 'export function cleanHinge(): void {\n  brush();\n}\n',
};

describe('RelatedService', () => {
  let grammars: TestGrammars;
  let parsers: Parsers;
  let test: TestService;

  before(async () => {
    grammars = await TestGrammars.make(['typescript']);
    parsers = new Parsers(grammars.folder, nullLog);
    test = new TestService(files, parsers);
    await test.service.index({ path: test.root }, () => undefined);
  });

  after(async () => {
    await test.dispose();
    parsers.dispose();
    await grammars.remove();
  });

  const related = (params: Omit<FindRelatedParams, 'path' | 'file'>): Promise<SearchResult> =>
    test.service.findRelated({ path: test.root, file: 'oil.ts', ...params }, { folders: () => [] });
  const said = ({ hits }: SearchResult): unknown[] =>
    hits.map(({ path, startLine, relations, via }) => [path, startLine, relations?.join('+'), via]);

  it('says how each hit is related, without the own file', async () => {
    assert.deepEqual(said(await related({ line: 1 })), [
      ['oil.test.ts', 3, 'tests+calledBy+similar', undefined],
      ['clean.ts', 1, 'similar', undefined],
    ]);
  });

  it('finds what has one relation, in the own file, too', async () => {
    assert.deepEqual(said(await related({ line: 1, relation: 'calls' })), [
      ['oil.ts', 5, 'calls+similar', undefined],
    ]);
    assert.deepEqual(said(await related({ line: 1, relation: 'calls', includeOwnFile: false })), []);
    const similar = await related({ line: 1, relation: 'similar' });
    assert.ok(
      similar.hits.length > 0 && similar.hits.every(({ relations }) => relations?.join() === 'similar'),
    );
  });

  it('follows callers over a second step', async () => {
    const { hits } = await related({ line: 5, relation: 'calledBy', steps: 2 });
    assert.deepEqual(
      hits.map(({ path, symbol, via }) => [path, symbol, via]),
      [
        ['oil.ts', 'oilHinge', undefined],
        ['oil.test.ts', null, 'oilHinge'],
      ],
    );
  });
});
