import assert from 'node:assert/strict';
import fc from 'fast-check';
import { answerLine } from './answerLine.js';
import { parseQuery } from './query.js';
import { runsOr } from '../../../shared/test/runLength.js';

/** The line of `text` that answers `question`, all of whose tokens tell the same unless `weights` says otherwise. */
function lineOf(
  text: string,
  question: string,
  signatureLine?: number,
  weights: Record<string, number> = {},
) {
  const known = new Map(parseQuery(question).tokens.map((token) => [token, weights[token] ?? 1]));
  return answerLine({ startLine: 10, text, signatureLine }, known);
}

describe('the line that answers', () => {
  const code = [
    'import { sleep } from "retry-wait";',
    'try:',
    '  // Waits longer before each retry.',
    '  async function again(job) {',
    '    const pause = backoff(retry, delay);',
    '  }',
    '}',
  ].join('\n');

  it('has the most of the question', () => {
    const { number, text, marks } = lineOf(code, 'delay of a retry with backoff', 13);
    assert.equal(number, 14);
    assert.equal(text, 'const pause = backoff(retry, delay);');
    assert.deepEqual(
      marks.map(([start, end]) => text.slice(start, end)),
      ['backoff', 'retry', 'delay'],
    );
  });

  it('has the rarest words rather than the most words', () => {
    const rare = lineOf('cart of items\nzygote\n', 'cart items zygote', undefined, { zygot: 5 });
    assert.equal(rare.text, 'zygote');
  });

  it('is the signature where nothing has words of the question, then a comment, then code', () => {
    assert.equal(lineOf(code, 'nonsense', 13).number, 13);
    assert.equal(lineOf(code, 'nonsense').text, '// Waits longer before each retry.');
    assert.equal(lineOf('{\n\n  try {\n    open();\n', 'nonsense').text, 'open();');
    assert.equal(lineOf('}\n', 'nonsense').text, '}', 'if there is nothing else');
  });

  it('is the signature or the comment rather than an equal line below', () => {
    assert.equal(lineOf('a = parse(x)\nfunction parse(x) {\n', 'parse', 11).number, 11);
    assert.equal(lineOf('a = parse(x)\n# parse it\n', 'parse').number, 11);
  });

  it('is never an import, a keyword or a decorator without words', () => {
    for (const dull of [
      'from retry import retry',
      "import retry from 'retry'",
      '#include <retry.h>',
      'use std::retry;',
    ])
      assert.equal(lineOf(`${dull}\nopen(door)\n`, 'retry').text, 'open(door)', dull);
    for (const dull of ['try:', '} else {', 'finally', 'return;', '@Override', 'public static', '});'])
      assert.equal(lineOf(`${dull}\nopen(door)\n`, 'nonsense').text, 'open(door)', dull);
  });

  it('is cut around what it has of the question', () => {
    const { text, marks } = lineOf(`const data = "${'x'.repeat(500)} needle ${'y'.repeat(500)}";`, 'needle');
    assert.ok(text.length <= 202, `${text.length}`);
    assert.ok(text.startsWith('…') && text.endsWith('…'));
    assert.deepEqual(
      marks.map(([start, end]) => text.slice(start, end)),
      ['needle'],
    );
  });

  it('has marks within its text, whatever the text is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 600 }),
        fc.string({ maxLength: 40 }),
        (text, question) => {
          const lines = text.split(/\r?\n/);
          const shown = lineOf(text, question);
          assert.ok(shown.number >= 10 && shown.number < 10 + lines.length);
          let last = 0;
          for (const [start, end] of shown.marks) {
            assert.ok(last <= start && start < end && end <= shown.text.length);
            last = end;
          }
          assert.doesNotMatch(shown.text, /\p{Cs}/u, 'no half of a character');
        },
      ),
      { numRuns: runsOr(200) },
    );
  });
});
