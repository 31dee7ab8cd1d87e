import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fuzz } from '../../../shared/test/fuzz.js';
import { complete, hintFor, parseFilters } from './filters.js';

const mostMs = 1000;
const value = fc.oneof(
  fc.stringMatching(/^[^\s":]{1,8}$/),
  fc.constantFrom('src/', '*.ts', 'a b', '{', '**', 'ts'),
);
const quoted = (one: string): string => (/\s/.test(one) ? `"${one}"` : one);
const word = fc.stringMatching(/^[^\s:"]{1,8}$/);

describe('filters, generated', () => {
  it('are taken out of the query, and the last of each name counts', async () => {
    const part = fc.oneof(
      word.map((text) => ({ text })),
      fc.record({ name: fc.constantFrom('lang', 'path', 'in'), value }),
    );
    await fuzz(fc.array(part, { maxLength: 8 }), 100, (parts) => {
      const typed = parts
        .map((one) => ('text' in one ? one.text : `${one.name}:${quoted(one.value)}`))
        .join(' ');
      const found = parseFilters(typed);
      const last = (name: string): string | undefined =>
        parts.flatMap((one) => ('name' in one && one.name === name ? [one.value.trim()] : [])).at(-1);
      assert.equal(found.text, parts.flatMap((one) => ('text' in one ? [one.text] : [])).join(' '));
      assert.equal(found.language, last('lang'));
      assert.equal(found.folder, last('in'));
      assert.equal(found.glob !== undefined, last('path') !== undefined);
    });
  });

  it('of any text, however long, are read at once, and a completed one is complete', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'lang:',
        'path:',
        'in:',
        '"',
        ':',
        ' ',
        '\n',
        '\0',
        '\t',
        '\u00a0',
        '\u2028',
        '\ud800',
        '\\',
        '{',
        '*',
        '/',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc
        .tuple(fc.constantFrom('lang:', 'in:"', ' ', '"', 'path: ', 'a'), fc.nat(20_000))
        .map(([one, times]) => one.repeat(times)),
    );
    await fuzz(fc.array(piece, { maxLength: 10 }), 100, (pieces) => {
      const typed = pieces.join('');
      const began = performance.now();
      const { text } = parseFilters(typed);
      const hint = hintFor(typed);
      assert.ok(performance.now() - began < mostMs, `${typed.length} characters take long`);
      assert.equal(text, text.trim());
      if (hint === undefined) return;
      assert.ok(typed.startsWith(hint.before));
      assert.equal(hintFor(complete(hint, 'x y')), undefined);
    });
  });
});
