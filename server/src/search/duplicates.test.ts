import assert from 'node:assert/strict';
import { Duplicates } from './duplicates.js';

const text = (lines: number, mark = 'line'): string =>
  Array.from({ length: lines }, (_, i) => `  ${mark} number ${i};`).join('\n');

describe('Duplicates', () => {
  it('folds copies, also with other white space or one line changed', () => {
    const seen = new Duplicates();
    assert.equal(seen.isDuplicate(text(20)), false);
    assert.equal(seen.isDuplicate(text(20)), true);
    assert.equal(seen.isDuplicate(text(20).replaceAll('  ', '\t')), true);
    assert.equal(seen.isDuplicate(text(20).replace('number 3', 'number three')), true);
  });

  it('keeps similar texts, and texts that are too short to compare', () => {
    const seen = new Duplicates();
    assert.equal(seen.isDuplicate(text(20)), false);
    assert.equal(seen.isDuplicate(text(20).replaceAll(/number (\d)\b/g, 'place $1')), false);
    assert.equal(seen.isDuplicate(text(40)), false, 'holds the first, and as much again');
    assert.equal(seen.isDuplicate('export {};\n'), false);
    assert.equal(seen.isDuplicate('export {};\n'), false);
  });
});
