import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LanternError } from '../../../shared/src/errors.js';
import { fuzz } from '../../../shared/test/fuzz.js';
import { tried } from '../../../shared/test/tally.js';
import { TestService } from '../../test/support/testService.js';
import { searchParams } from './params.js';

/** A search in a folder of two files takes a few milliseconds. */
const mostMs = 3000;

describe('any query', function () {
  this.timeout(600_000);
  let test: TestService;

  before(async () => {
    test = new TestService({
      'src/door.ts': 'export function closeDoor() { hinge.turn(); }\n',
      'window.py': 'def open_window():\n    glass.slide()\n',
    });
    await search({ query: 'door', wait: true });
  });
  after(() => test.dispose());

  const nobody = { folders: () => [] };
  const search = (params: object) =>
    test.service.search(searchParams({ path: test.root, patienceMs: 10_000, ...params }), nobody);

  /** Answers in time, or says what is wrong. */
  async function check(params: object): Promise<void> {
    const began = performance.now();
    try {
      const { hits } = await search(params);
      for (const hit of hits)
        assert.ok(hit.text.length > 0 && Number.isFinite(hit.score) && hit.startLine >= 1);
    } catch (error) {
      assert.ok(error instanceof LanternError && error.code === 'bad-request', String(error));
    }
    const ms = performance.now() - began;
    assert.ok(ms < mostMs, `${JSON.stringify(params).slice(0, 80)} takes ${Math.round(ms)} ms`);
  }

  const marks = [
    '"',
    "'",
    '`',
    '*',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '^',
    '~',
    ':',
    '-',
    '+',
    '/',
    '\\',
    '.',
    '?',
    '%',
    '$',
    '#',
    '@',
    '!',
    '|',
    '&',
  ];
  const piece = fc.oneof(
    fc.constantFrom(...marks, '\0', '\n', '\r', '\t', '\x1b[2J', '\u202e', '\ufeff', '\ud800', '\u2028', ' '),
    fc.constantFrom(
      'AND',
      'OR',
      'NOT',
      'NEAR(',
      'door',
      'closeDoor()',
      'src/door.ts:1',
      'path:src',
      'lang:ts',
      'in typescript',
      '"close door"',
      "' OR 1=1 --",
      '漢字',
      'e\u0301',
      '😀',
    ),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc
      .tuple(fc.string({ minLength: 1, maxLength: 3 }), fc.nat(3000))
      .map(([one, times]) => one.repeat(times)),
  );
  const any = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(' '));
  const glob = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '*',
          '**',
          '/',
          '?',
          '[',
          ']',
          '{',
          '}',
          ',',
          '!',
          '(',
          ')',
          '@(',
          '+(',
          '\\',
          '..',
          'a',
          '.ts',
          '\0',
        ),
        fc.string({ maxLength: 3 }),
      ),
      { maxLength: 12 },
    )
    .map((pieces) => pieces.join(''));

  it('is answered, with any filters', async () => {
    const params = fc.record(
      {
        query: any,
        glob,
        language: fc.oneof(fc.constantFrom('ts', 'py', 'c++', 'C#', '__proto__', 'constructor'), any),
        mode: fc.constantFrom('hybrid', 'semantic', 'lexical'),
        limit: fc.integer({ min: 0, max: 101 }),
        minMatch: fc.constantFrom('strong', 'weak', 'x'),
        explain: fc.boolean(),
      },
      { requiredKeys: ['query'] },
    );
    await fuzz(params, 60, check);
  });

  it('of one mark 190,000 times is answered in time, also between words', async () => {
    const units = [
      ...marks,
      ' ',
      'a',
      'aA',
      'a_',
      'a.',
      'a/',
      '/a',
      './',
      'a ',
      '" "',
      '` `',
      'in ',
      'code ',
      '::',
      '->',
      '\n',
      '漢',
      'é',
      'a-',
      '1a',
      '-.',
      '@.',
    ];
    for (const unit of units) {
      const run = unit.repeat(Math.floor(190_000 / unit.length));
      await check({ query: run });
      await check({ query: `close ${run} door` });
    }
    tried('fuzz cases', units.length * 2);
  });

  it('with a glob of many wildcards is answered in time, or refused', async () => {
    for (const one of [
      '*a'.repeat(140),
      '{a,'.repeat(90),
      '**/'.repeat(95),
      '[a'.repeat(140),
      '?'.repeat(299),
      '{a,b}'.repeat(50),
      '!('.repeat(100),
    ])
      await check({ query: 'door', glob: one });
    tried('fuzz cases', 7);
  });
});
