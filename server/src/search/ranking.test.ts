import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChunkRow } from '../store/catalog.js';
import { parseQuery } from './query.js';
import { type Candidate, type Ranked, rank } from './ranking.js';

let nextId = 1;

function at(path: string, features: Partial<Omit<Candidate, 'chunk'>> = {}, startOffset = 0): Candidate {
  const chunk: ChunkRow = {
    id: nextId++,
    key: `${path}:${startOffset}`,
    path,
    language: 'typescript',
    vectorDigest: new Uint8Array(),
    textDigest: new Uint8Array(),
    startOffset,
    endOffset: startOffset + 10,
    startLine: 1,
    endLine: 2,
    symbol: null,
  };
  return { chunk, words: 0, cosine: undefined, defines: 0, ...features };
}

const paths = (ranked: readonly Ranked[]): string[] => ranked.map(({ chunk }) => chunk.path);
const order = (query: string, ...candidates: Candidate[]): string[] =>
  paths(rank(candidates, parseQuery(query)));

describe('rank', () => {
  const question = 'open the window slowly';

  it('has nothing to say of nothing', () => assert.deepEqual(rank([], parseQuery(question)), []));

  it('gives a lone candidate a score, whatever is known of it', () => {
    for (const candidate of [
      at('a.ts'),
      at('a.ts', { words: 3 }),
      at('a.ts', { cosine: -0.2 }),
      at('a.ts', { cosine: 0 }),
    ]) {
      const [only] = rank([candidate], parseQuery(question));
      assert.ok(Number.isFinite(only?.score));
      assert.equal(only?.chunk, candidate.chunk);
    }
    const known = rank([at('a.ts', { cosine: 0.3 })], parseQuery(question))[0]!;
    const unknown = rank([at('a.ts')], parseQuery(question))[0]!;
    assert.ok(known.score > unknown.score);
  });

  it('prefers more of the words', () => {
    assert.deepEqual(order(question, at('a.ts', { words: 1 }), at('b.ts', { words: 5 })), ['b.ts', 'a.ts']);
  });

  it('prefers the nearer vector', () => {
    assert.deepEqual(order(question, at('a.ts', { cosine: 0.2 }), at('b.ts', { cosine: 0.6 })), [
      'b.ts',
      'a.ts',
    ]);
  });

  it('prefers it also to one of many that are equally near', () => {
    assert.deepEqual(
      order(question, at('a.ts', { cosine: 0.1 }), at('b.ts', { cosine: 0.6 }), at('c.ts', { cosine: 0.6 })),
      ['b.ts', 'c.ts', 'a.ts'],
    );
  });

  it('does not count what is no nearer than the median', () => {
    const cosines = [0.1, 0.2, 0.3, 0.4, 0.5];
    const ranked = rank(
      cosines.map((cosine, i) => at(`${i}.ts`, { cosine })),
      parseQuery(question),
    );
    assert.deepEqual(
      ranked.map(({ score }) => score > 0),
      [true, true, false, false, false],
    );
  });

  it('takes a candidate without a vector for no better than the median, and no worse', () => {
    const ranked = rank(
      [
        at('near.ts', { cosine: 0.9 }),
        at('none.ts'),
        at('mid.ts', { cosine: 0.5 }),
        at('far.ts', { cosine: 0.1 }),
      ],
      parseQuery(question),
    );
    assert.deepEqual(paths(ranked), ['near.ts', 'far.ts', 'mid.ts', 'none.ts']);
    assert.equal(ranked[3]?.score, 0);
  });

  it('prefers a file that holds more of what is asked for, in all its chunks', () => {
    const lone = at('lone.ts', { words: 2 });
    const rich = [
      at('rich.ts', { words: 2 }),
      at('rich.ts', { words: 1.9 }, 10),
      at('rich.ts', { words: 1.9 }, 20),
    ];
    assert.equal(order(question, lone, ...rich)[0], 'rich.ts');
  });

  it('prefers where the name is defined, and its exact spelling', () => {
    const query = 'who calls openWindow slowly';
    assert.deepEqual(
      order(
        query,
        at('a.ts', { words: 1 }),
        at('b.ts', { words: 1, defines: 0.5 }),
        at('c.ts', { words: 1, defines: 1 }),
      ),
      ['c.ts', 'b.ts', 'a.ts'],
    );
  });

  it('prefers a file of that name', () => {
    assert.deepEqual(order(question, at('a/door.ts', { words: 1 }), at('z/window.ts', { words: 1 })), [
      'z/window.ts',
      'a/door.ts',
    ]);
  });

  describe('for one name', () => {
    it('goes by its definition, whatever the vectors say', () => {
      const use = at('use.ts', { words: 5, cosine: 0.9 });
      const definition = at('definition.ts', { words: 1, cosine: 0.1, defines: 1 });
      assert.equal(order('openWindow', use, definition)[0], 'definition.ts');
    });

    it('goes by words and vectors when nothing defines it', () => {
      assert.equal(
        order('openWindow', at('a.ts', { words: 1 }), at('b.ts', { words: 1, cosine: 0.9 }))[0],
        'b.ts',
      );
    });

    it('prefers the file that is called so, however it is written', () => {
      for (const name of ['openWindow.ts', 'open_window.py', 'open-window.html.erb', 'OpenWindow.java']) {
        const found = order(
          'openWindow',
          at('a.ts', { words: 2, defines: 1 }),
          at(name, { words: 2, defines: 1 }),
        );
        assert.equal(found[0], name);
      }
    });
  });

  describe('penalties', () => {
    for (const path of [
      'test/window.ts',
      'src/__tests__/x.ts',
      'pkg/window_test.go',
      'src/window.test.ts',
      'src/window.spec.ts',
      'tests/test_window.py',
      'src/WindowTest.java',
      'fixtures/window.ts',
    ]) {
      it(`put the test ${path} behind, unless tests are asked for`, () => {
        const both = [at(path, { words: 1.2 }), at('src/z.ts', { words: 1 })];
        assert.equal(order('open slowly', ...both)[0], 'src/z.ts');
        assert.equal(order('tests that open slowly', ...both)[0], path);
      });
    }

    for (const path of ['docs/window.ts', 'README.md', 'examples/a.ts', 'notes.txt']) {
      it(`put ${path} behind, unless docs are asked for`, () => {
        const both = [at(path, { words: 1.2 }), at('src/z.ts', { words: 1 })];
        assert.equal(order('open slowly', ...both)[0], 'src/z.ts');
        assert.equal(order('documentation of open slowly', ...both)[0], path);
      });
    }

    it('put shims behind a little', () => {
      assert.equal(
        order('open', at('src/compat/a.ts', { words: 1.1 }), at('src/z.ts', { words: 1 }))[0],
        'src/z.ts',
      );
      assert.equal(
        order('open', at('src/compat/a.ts', { words: 2 }), at('src/z.ts', { words: 1 }))[0],
        'src/compat/a.ts',
      );
    });

    it('leave alone what only sounds like it', () => {
      for (const path of [
        'src/contest.ts',
        'src/latest/a.ts',
        'src/attestation.ts',
        'src/documents/a.ts',
        'src/testify.go',
      ]) {
        const both = [at(path, { words: 1.1 }), at('src/z.ts', { words: 1 })];
        assert.equal(order('open slowly', ...both)[0], path);
      }
    });
  });

  it('puts the best chunk of every file before any file’s second', () => {
    const ranked = order(
      question,
      at('a.ts', { words: 9 }),
      at('a.ts', { words: 8 }, 10),
      at('b.ts', { words: 2 }),
      at('c.ts', { words: 1 }),
      at('b.ts', { words: 1.5 }, 10),
    );
    assert.deepEqual(ranked, ['a.ts', 'b.ts', 'c.ts', 'a.ts', 'b.ts']);
  });

  it('orders equals by place, and always in the same way', () => {
    const equal = ['b.ts', 'a.ts', 'c.ts'].flatMap((path) => [
      at(path, { words: 1 }, 10),
      at(path, { words: 1 }, 0),
    ]);
    const expected = ['a.ts:0', 'b.ts:0', 'c.ts:0', 'a.ts:10', 'b.ts:10', 'c.ts:10'];
    for (const candidates of [equal, [...equal].reverse()]) {
      const ranked = rank(candidates, parseQuery(question));
      assert.deepEqual(
        ranked.map(({ chunk }) => chunk.key),
        expected,
      );
    }
  });

  it('returns every candidate once, with a score that is a number, in an order that does not hang on theirs', () => {
    const candidate = fc.record({
      path: fc.constantFrom('a.ts', 'src/b.test.ts', 'README.md', 'window.py', 'legacy/x.js'),
      offset: fc.nat(50),
      words: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 30, noNaN: true })),
      cosine: fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: undefined }),
      defines: fc.constantFrom(0, 0.5, 1),
    });
    const candidates = fc.uniqueArray(candidate, {
      maxLength: 12,
      selector: ({ path, offset }) => `${path}:${offset}`,
    });
    fc.assert(
      fc.property(candidates, fc.constantFrom(question, 'openWindow', 'tests'), (list, text) => {
        const made = list.map(({ path, offset, ...features }) => at(path, features, offset));
        const query = parseQuery(text);
        const ranked = rank(made, query);
        assert.equal(new Set(ranked.map(({ chunk }) => chunk.key)).size, made.length);
        assert.ok(ranked.every(({ score }) => Number.isFinite(score) && score >= 0));
        assert.deepEqual(rank([...made].reverse(), query), ranked);
      }),
    );
  });
});
