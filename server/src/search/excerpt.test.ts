import assert from 'node:assert/strict';
import type { ChunkRow, NewDefinition } from '../store/rows.js';
import { answerWithin } from './excerpt.js';
import { parseQuery } from './query.js';

const text = [
  'function openDoor() {',
  '  hinge.turn();',
  '}',
  '',
  '// Shuts the window before',
  '// the rain comes.',
  'function shutWindow() {',
  '  glass.move();',
  '}',
  '',
  'const after = 1;',
  '',
].join('\n');

const chunk: ChunkRow = {
  id: 1,
  key: 'k',
  path: 'a.ts',
  language: 'typescript',
  vectorDigest: new Uint8Array(),
  textDigest: new Uint8Array(),
  startOffset: 0,
  endOffset: text.length,
  startLine: 101,
  endLine: 111,
  symbol: null,
};
const define = (name: string, startLine: number, endLine: number): NewDefinition => ({
  name,
  kind: 'function',
  startLine,
  endLine,
});
const definitions = [define('openDoor', 101, 103), define('shutWindow', 107, 109), define('after', 111, 111)];
const within = (query: string, among = definitions) => answerWithin(chunk, text, among, parseQuery(query));

describe('answerWithin', () => {
  it('gives the definition that is named, with the comment above it, and its very lines', () => {
    assert.deepEqual(within('shutWindow'), {
      startLine: 105,
      endLine: 109,
      symbol: 'shutWindow',
      text: `${text.split('\n').slice(4, 9).join('\n')}\n`,
    });
    assert.equal(within('openDoor')?.startLine, 101);
  });

  it('gives the one whose name shares the most words with the question', () => {
    assert.equal(within('how is a window shut')?.symbol, 'shutWindow');
  });

  it('leaves the chunk whole when nothing stands out', () => {
    for (const query of ['door and window', 'rain', 'hinge']) assert.equal(within(query), undefined, query);
    assert.equal(within('shutWindow', [define('shutWindow', 101, 111)]), undefined, 'it is all of it');
    assert.equal(
      within('openDoor', [define('openDoor', 95, 103), define('x', 104, 104)]),
      undefined,
      'it began before',
    );
  });
});
