import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type Query, parseQuery } from './query.js';
import { type Candidate, type RankOptions, type Ranked, rank as rankAll } from './ranking.js';
import { type Feature, questionWeights, symbolWeights } from './weights.js';

let nextId = 1;
const fileIds = new Map<string, number>();

function at(path: string, known: Partial<Candidate> = {}): Candidate {
  const fileId = fileIds.get(path) ?? fileIds.size + 1;
  fileIds.set(path, fileId);
  return {
    id: nextId++,
    fileId,
    folder: 0,
    path,
    language: 'typescript',
    body: 0,
    names: 0,
    signatures: 0,
    bodyOfFile: 0,
    pathWords: 0,
    lead: 0,
    comments: 0,
    usage: 0,
    coverage: 0,
    defines: 0,
    cosine: undefined,
    fileCosine: undefined,
    ...known,
  };
}

const options: RankOptions = { platform: 'linux', superseded: () => () => false, isHeaderOnly: () => false };
const rank = (candidates: readonly Candidate[], query: Query): Ranked[] =>
  rankAll(candidates, query, options);

const paths = (ranked: readonly Ranked[]): string[] => ranked.map(({ path }) => path);
const order = (query: string, ...candidates: Candidate[]): string[] =>
  paths(rank(candidates, parseQuery(query)));

describe('rank', () => {
  const question = 'open the window slowly';

  it('has nothing to say of nothing', () => assert.deepEqual(rank([], parseQuery(question)), []));

  it('gives a lone candidate a score, whatever is known of it', () => {
    for (const candidate of [
      at('a.ts'),
      at('a.ts', { body: 3 }),
      at('a.ts', { cosine: -0.2 }),
      at('a.ts', { cosine: 0 }),
    ]) {
      const [only] = rank([candidate], parseQuery(question));
      assert.ok(Number.isFinite(only?.score));
      assert.equal(only?.id, candidate.id);
    }
    const known = rank([at('a.ts', { cosine: 0.3 })], parseQuery(question))[0]!;
    const unknown = rank([at('a.ts')], parseQuery(question))[0]!;
    assert.ok(known.score > unknown.score);
  });

  it('prefers the file of a type to files of its parts', () => {
    const of = (path: string): Candidate => at(path, { defines: 1, names: 1 });
    assert.equal(order('JsonReader', of('JsonReader.Async.cs'), of('JsonReader.cs'))[0], 'JsonReader.cs');
    assert.equal(order('Session', of('Session.d.ts'), of('Session.ts'))[0], 'Session.ts');
  });

  it('prefers more of the terms', () => {
    assert.deepEqual(order(question, at('a.ts', { body: 1 }), at('b.ts', { body: 5 })), ['b.ts', 'a.ts']);
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
    const lone = at('lone.ts', { body: 2, bodyOfFile: 2 });
    const rich = at('rich.ts', { body: 2, bodyOfFile: 6 });
    assert.equal(order(question, lone, rich)[0], 'rich.ts');
  });

  it('prefers where the name is defined, and its exact spelling', () => {
    const query = 'who calls openWindow slowly';
    assert.deepEqual(
      order(
        query,
        at('a.ts', { body: 1 }),
        at('b.ts', { body: 1, defines: 0.5 }),
        at('c.ts', { body: 1, defines: 1 }),
      ),
      ['c.ts', 'b.ts', 'a.ts'],
    );
  });

  it('prefers a file of that name', () => {
    assert.deepEqual(order(question, at('a/door.ts', { body: 1 }), at('z/window.ts', { body: 1 })), [
      'z/window.ts',
      'a/door.ts',
    ]);
  });

  describe('for one name', () => {
    it('ranks by the definition, whatever the vectors are', () => {
      const use = at('use.ts', { body: 5, cosine: 0.9 });
      const definition = at('definition.ts', { body: 1, cosine: 0.1, defines: 1 });
      assert.equal(order('openWindow', use, definition)[0], 'definition.ts');
    });

    it('ranks by terms and vectors when there is no definition', () => {
      assert.equal(
        order('openWindow', at('a.ts', { body: 1 }), at('b.ts', { body: 1, cosine: 0.9 }))[0],
        'b.ts',
      );
    });

    it('prefers the file of that name, in any spelling', () => {
      for (const name of ['openWindow.ts', 'open_window.py', 'open-window.html.erb', 'OpenWindow.java']) {
        const found = order(
          'openWindow',
          at('a.ts', { body: 2, defines: 1 }),
          at(name, { body: 2, defines: 1 }),
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
        const both = [at(path, { body: 1.2 }), at('src/z.ts', { body: 1 })];
        assert.equal(order('open slowly', ...both)[0], 'src/z.ts');
        assert.equal(order('tests that open slowly', ...both)[0], path);
      });
    }

    for (const path of ['docs/window.ts', 'README.md', 'examples/a.ts', 'notes.txt']) {
      it(`put ${path} behind, unless docs are asked for`, () => {
        const both = [at(path, { body: 1.2 }), at('src/z.ts', { body: 1 })];
        assert.equal(order('open slowly', ...both)[0], 'src/z.ts');
        assert.equal(order('documentation of open slowly', ...both)[0], path);
      });
    }

    it('put shims behind a little', () => {
      assert.equal(
        order('open', at('src/compat/a.ts', { body: 1.1 }), at('src/z.ts', { body: 1 }))[0],
        'src/z.ts',
      );
      assert.equal(
        order('open', at('src/compat/a.ts', { body: 2 }), at('src/z.ts', { body: 1 }))[0],
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
        const both = [at(path, { body: 1.1 }), at('src/z.ts', { body: 1 })];
        assert.equal(order('open slowly', ...both)[0], path);
      }
    });
  });

  it('puts the best chunk of every file before any file’s second', () => {
    const ranked = order(
      question,
      at('a.ts', { body: 9 }),
      at('a.ts', { body: 8 }),
      at('b.ts', { body: 2 }),
      at('c.ts', { body: 1 }),
      at('b.ts', { body: 1.5 }),
    );
    assert.deepEqual(ranked, ['a.ts', 'b.ts', 'c.ts', 'a.ts', 'b.ts']);
  });

  it('orders equals by place, and always in the same way', () => {
    const equal = ['b.ts', 'a.ts', 'c.ts'].flatMap((path, i) => [
      at(path, { body: 1, id: 2 * i + 1 }),
      at(path, { body: 1, id: 2 * i }),
    ]);
    for (const candidates of [equal, [...equal].reverse()]) {
      const ranked = rank(candidates, parseQuery(question));
      assert.deepEqual(
        ranked.map(({ path, id }) => `${path}:${id}`),
        ['a.ts:2', 'b.ts:0', 'c.ts:4', 'a.ts:3', 'b.ts:1', 'c.ts:5'],
      );
    }
  });

  describe('each feature', () => {
    const weighed: [Feature, string, Partial<Candidate>, Partial<Candidate>][] = [
      ['body', question, { body: 2 }, { body: 1 }],
      ['bodyOfFile', question, { bodyOfFile: 2 }, { bodyOfFile: 1 }],
      ['names', question, { names: 2 }, { names: 1 }],
      ['signatures', question, { signatures: 2 }, { signatures: 1 }],
      ['path', question, { pathWords: 2 }, { pathWords: 1 }],
      ['lead', question, { lead: 2 }, { lead: 1 }],
      ['comments', question, { comments: 2 }, { comments: 1 }],
      ['usage', question, { usage: 2 }, { usage: 1 }],
      ['coverage', question, { coverage: 1 }, { coverage: 0.5 }],
      ['defines', 'openWindow', { defines: 1 }, { defines: 0.5 }],
      ['cosine', question, { cosine: 0.6 }, { cosine: 0.2 }],
      ['fileVector', question, { fileCosine: 0.6 }, { fileCosine: 0.2 }],
      ['language', 'open it in python', { language: 'python' }, {}],
    ];
    for (const [feature, query, more, less] of weighed) {
      it(`${feature} counts, and says so`, () => {
        const [best, other] = rank([at('a.ts', less), at('b.ts', more)], parseQuery(query));
        assert.equal(best?.path, 'b.ts');
        assert.ok((best.terms[feature] ?? 0) > (other?.terms[feature] ?? 0));
      });
      it(`${feature} counts nothing without its weight`, () => {
        const off = { ...questionWeights, [feature]: 0 };
        const weights = { question: off, symbol: { ...symbolWeights, [feature]: 0 } };
        const ranked = rankAll([at('a.ts', less), at('b.ts', more)], parseQuery(query), {
          ...options,
          weights,
        });
        assert.ok(ranked.every(({ terms }) => terms[feature] === undefined));
      });
    }

    it('adds up to the score, times the penalty', () => {
      const made = [at('tests/window.ts', { body: 2, cosine: 0.5, lead: 1 }), at('b.ts', { body: 1 })];
      for (const { score, terms } of rank(made, parseQuery(question))) {
        const { test = 1, ...rest } = terms;
        const sum = Object.values(rest).reduce((all, term) => all + term, 0);
        assert.ok(Math.abs(score - sum * test) < 1e-9);
      }
    });

    it('finds a file that is named, also in a pasted message', () => {
      for (const query of [
        'src/glass/pane.ts',
        'what does pane.ts do',
        'Error: stuck\n    at open (/home/me/work/src/glass/pane.ts:10:5)',
        'src\\glass\\pane.ts(10,5): error',
      ])
        assert.equal(
          order(query, at('src/a.ts', { body: 2 }), at('src/glass/pane.ts', { body: 1 }))[0],
          'src/glass/pane.ts',
          query,
        );
    });
  });

  it('returns every candidate once, with a score that is a number, in an order that does not hang on theirs', () => {
    const candidate = fc.record({
      path: fc.constantFrom('a.ts', 'src/b.test.ts', 'README.md', 'window.py', 'legacy/x.js'),
      id: fc.nat(50),
      body: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 30, noNaN: true })),
      cosine: fc.option(fc.double({ min: -1, max: 1, noNaN: true }), { nil: undefined }),
      defines: fc.constantFrom(0, 0.5, 1),
    });
    const candidates = fc.uniqueArray(candidate, {
      maxLength: 12,
      selector: ({ path, id }) => `${path}:${id}`,
    });
    fc.assert(
      fc.property(candidates, fc.constantFrom(question, 'openWindow', 'tests'), (list, text) => {
        const made = list.map(({ path, ...known }) => at(path, known));
        const query = parseQuery(text);
        const ranked = rank(made, query);
        assert.equal(new Set(ranked.map(({ path, id }) => `${path}:${id}`)).size, made.length);
        assert.ok(ranked.every(({ score }) => Number.isFinite(score) && score >= 0));
        assert.deepEqual(rank([...made].reverse(), query), ranked);
      }),
    );
  });
});
