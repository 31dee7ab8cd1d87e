import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fileNameTokens, parseQuery } from './query.js';

describe('parseQuery', () => {
  it('keeps the words that carry meaning, once and in their order', () => {
    assert.deepEqual(parseQuery('How does the parser parse the header of a parser?').tokens, [
      'parser',
      'pars',
      'header',
    ]);
  });

  it('keeps all words when none carries meaning', () => {
    assert.deepEqual(parseQuery('how does it work').tokens, ['how', 'doe', 'it', 'work']);
    assert.deepEqual(parseQuery('when').tokens, ['when']);
  });

  for (const [text, symbol] of [
    ['parseFile', 'parseFile'],
    ['parse_file', 'parse_file'],
    ['Parser', 'Parser'],
    ['Parser.parse()', 'parse'],
    ['std::vector', 'vector'],
    ['Foo#bar', 'bar'],
    ['ptr->next', 'next'],
    ['list#each', 'each'],
    ['client/server', undefined],
    ['sha256', 'sha256'],
    ['main()', 'main'],
    ['größeÄndern', 'größeÄndern'],
    ['  parseFile  ', 'parseFile'],
    ['parser', undefined],
    ['parse the file', undefined],
    ['parseFile in the parser', undefined],
    ['what?', undefined],
    ['', undefined],
  ] as const) {
    it(`takes "${text}" for ${symbol === undefined ? 'no symbol' : `the symbol ${symbol}`}`, () => {
      assert.equal(parseQuery(text).symbol, symbol);
    });
  }

  it('finds the names in a sentence', () => {
    const { identifiers } = parseQuery(
      'where is `parseFile` called by Foo.bar_baz(), "HTTPServer" or main()?',
    );
    assert.deepEqual(identifiers, ['parseFile', 'bar_baz', 'HTTPServer', 'main']);
    assert.deepEqual(parseQuery('open the window').identifiers, []);
    assert.deepEqual(parseQuery('window').identifiers, ['window'], 'a lone word may be a name');
  });

  it('hears whether tests or docs are meant', () => {
    for (const text of [
      'tests of the parser',
      'parser test',
      'a spec for it',
      'unit tests',
      'show all tests that open a door',
      'where is the parser tested',
    ])
      assert.equal(parseQuery(text).asksForTests, 'yes', text);
    for (const text of [
      'what was logged in a unit test',
      'fast clock in tests',
      'how test events reach the listener',
      'wait for an asynchronous test method',
      'Test',
    ])
      assert.equal(parseQuery(text).asksForTests, 'maybe', text);
    for (const text of ['latest version', 'attest', 'special'])
      assert.equal(parseQuery(text).asksForTests, 'no', text);
    for (const text of ['README', 'documentation of x', 'usage examples', 'docs'])
      assert.equal(parseQuery(text).asksForDocs, true, text);
    assert.equal(parseQuery('document parser').asksForDocs, false);
  });

  it('takes what stands in quotes for one phrase, if it has more than one word', () => {
    assert.deepEqual(parseQuery('where is "Cannot open the Door" thrown, or `door is stuck`').phrases, [
      'cannot open the door',
      'door is stuck',
    ]);
    assert.deepEqual(parseQuery('the "door" and `openDoor()`').phrases, []);
  });

  for (const [text, paths] of [
    ['src/http/router.ts', ['src/http/router.ts']],
    ['./router.ts and ..\\lib\\Door.cs', ['router.ts', 'lib/door.cs']],
    ['TypeError: x\n    at open (/home/me/src/door.ts:10:5)', ['home/me/src/door.ts']],
    ['File "/app/door.py", line 3', ['app/door.py']],
    ['open the door. then close it', []],
    ['version 1.2', []],
  ] as const) {
    it(`finds the paths in ${JSON.stringify(text)}`, () => assert.deepEqual(parseQuery(text).paths, paths));
  }

  it('hears which language is meant', () => {
    assert.deepEqual(parseQuery('open a door in Python').languages, ['python']);
    assert.deepEqual(parseQuery('the ts code of doors').languages, ['typescript', 'tsx']);
    assert.deepEqual(parseQuery('doors in c++').languages, ['cpp']);
    assert.deepEqual(parseQuery('doors in Objective-C').languages, ['objectivec']);
    assert.deepEqual(parseQuery('a lock in C').languages, ['c']);
    for (const text of ['go to the door', 'in the house', 'rust on a hinge', 'test files'])
      assert.deepEqual(parseQuery(text).languages, [], text);
  });

  it('cuts what is too long', () => {
    const words = Array.from({ length: 20_000 }, (_, i) => `word${i}`).join(' ');
    const query = parseQuery(words);
    assert.ok(query.text.length <= 4000);
    assert.equal(query.tokens.length, 64);
  });

  it('takes anything', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), (text) => {
        const { tokens, identifiers, symbol } = parseQuery(text);
        assert.equal(new Set(tokens).size, tokens.length);
        assert.ok([...tokens, ...identifiers, symbol ?? 'x'].every((word) => word !== ''));
      }),
    );
  });
});

describe('fileNameTokens', () => {
  it('are those of the last part, without its extension', () => {
    assert.deepEqual(fileNameTokens('src/http/HttpServer.test.ts'), ['http', 'server', 'test']);
    assert.deepEqual(fileNameTokens('retry_policies.py'), ['retri', 'polici']);
    assert.deepEqual(fileNameTokens('Makefile'), ['makefil']);
    assert.deepEqual(fileNameTokens('.gitignore'), []);
    assert.deepEqual(fileNameTokens(''), []);
  });
});
