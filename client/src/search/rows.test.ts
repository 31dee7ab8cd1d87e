import assert from 'node:assert/strict';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';
import { asText, coverageText, hitLabel, hitNote, keyOf, referenceTo, textsOf, wrapped } from './rows.js';

const hit: SearchHit = {
  folder: '/w/app',
  path: 'src/cart.ts',
  startLine: 12,
  endLine: 40,
  symbol: 'mergeGuestCart',
  language: 'typescript',
  score: 1,
  text: '{\n  /**\n   * Joins two   carts.\n',
  line: { number: 14, text: '* Joins two   carts.', marks: [[2, 7]] },
};

describe('search rows', () => {
  it('name the symbol and the place, and the folder only among several', () => {
    assert.deepEqual(textsOf(hit, undefined), { label: 'mergeGuestCart', description: 'src/cart.ts:12–40' });
    assert.equal(textsOf({ ...hit, endLine: 12 }, 'app').description, 'app • src/cart.ts:12');
  });

  it('say how well a hit matches where that is not strong', () => {
    assert.equal(textsOf({ ...hit, match: 'weak' }, undefined).description, 'src/cart.ts:12–40 • weak');
    assert.equal(textsOf({ ...hit, match: 'strong' }, undefined).description, 'src/cart.ts:12–40');
    assert.equal(hitNote({ ...hit, match: 'likely' }), 'likely • mergeGuestCart • 14');
  });

  it('show of related code the symbol, and the reason beside it', () => {
    const related: SearchHit = { ...hit, relations: ['calledBy'] };
    assert.deepEqual(hitLabel(related), { label: 'mergeGuestCart', highlights: [] });
    assert.equal(hitNote(related), 'calls it • * Joins two   carts. • 14');
  });

  it('show the line that answers, with what it has of the question', () => {
    assert.deepEqual(hitLabel(hit), { label: '* Joins two   carts.', highlights: [[2, 7]] });
    assert.equal(textsOf({ ...hit, symbol: null }, undefined).label, '* Joins two   carts.');
    assert.equal(textsOf({ ...hit, symbol: 'x'.repeat(200) }, undefined).label.length, 90);
  });

  it('show names and code as text: without icons, and without what turns or hides other text', () => {
    const line = { number: 1, text: 'now=$(date) # \u202ereversed\u001b[2J', marks: [[0, 3]] as const };
    const hostile: SearchHit = { ...hit, path: 'a\u202eb\n$(trash).ts', symbol: null, line };
    assert.deepEqual(textsOf(hostile, undefined), {
      label: 'now=\\$(date) # \ufffdreversed\ufffd[2J',
      description: 'a\ufffdb\ufffd\\$(trash).ts:12–40',
    });
    // Places in the text stay what they are, as marks refer to them.
    assert.deepEqual(hitLabel(hostile), {
      label: 'now=$(date) # \ufffdreversed\ufffd[2J',
      highlights: [[0, 3]],
    });
    assert.equal(hitNote({ ...hit, symbol: 'a\u2066b' }), 'a\ufffdb • 14');
    // Only what the editor takes for an icon is escaped.
    assert.equal(asText('$(sync~spin) $(date +%s) \\$(x) ${y}'), '\\$(sync~spin) $(date +%s) \\$(x) ${y}');
  });

  it('distinguish places and refer to them', () => {
    assert.notEqual(keyOf(hit), keyOf({ ...hit, startLine: 13 }));
    assert.equal(keyOf(hit), keyOf({ ...hit, score: 2 }));
    assert.equal(referenceTo(hit), 'src/cart.ts:12-40');
    assert.equal(referenceTo({ ...hit, endLine: 12 }), 'src/cart.ts:12');
  });

  it('break a long reason into lines that a row shows whole', () => {
    assert.deepEqual(wrapped('mend it'), ['mend it']);
    const words = Array.from({ length: 40 }, (_, at) => `word${at}`);
    const lines = wrapped(['x'.repeat(120), ...words].join(' '));
    assert.equal(lines[0], 'x'.repeat(120));
    assert.ok(lines.slice(1).every((line) => line.length <= 90));
    assert.deepEqual(lines.slice(1).join(' ').split(' '), words);
  });

  it('say honestly what an answer rests on', () => {
    const all = { filesTotal: 9, filesIndexed: 9, filesPending: 0, filesUnread: 0 };
    assert.equal(coverageText({ ...all, semantic: true }), 'by words and meaning');
    assert.equal(coverageText({ ...all, semantic: true, reason: 'late' }), 'by words and meaning (late)');
    const partial = { ...all, filesIndexed: 4, filesPending: 5, semantic: false };
    assert.equal(
      coverageText({ ...partial, filesUnread: 3, reason: 'the model is being loaded' }),
      'by words only (the model is being loaded), 6 of 9 files read so far',
    );
    assert.equal(coverageText(partial), 'by words only, 4 of 9 files with all vectors so far');
  });
});
