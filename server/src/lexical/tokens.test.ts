import assert from 'node:assert/strict';
import fc from 'fast-check';
import { identifierParts, stem, tokens } from './tokens.js';

/** What all of `words` come down to, when they agree. */
function common(...words: string[]): string[] {
  return [...new Set(words.map(stem))];
}

describe('tokens', () => {
  describe('identifiers', () => {
    for (const [word, parts] of [
      ['parseFile', ['parse', 'File']],
      ['HTTPServer', ['HTTP', 'Server']],
      ['parseHTTP2Response', ['parse', 'HTTP', '2', 'Response']],
      ['snake_case_name', ['snake', 'case', 'name']],
      ['SCREAMING_SNAKE', ['SCREAMING', 'SNAKE']],
      ['__init__', ['init']],
      ['utf8', ['utf', '8']],
      ['größeÄndern', ['größe', 'Ändern']],
      ['X', ['X']],
      ['_', []],
    ] as const) {
      it(`splits ${word}`, () => assert.deepEqual(identifierParts(word), parts));
    }

    it('are indexed in parts and whole, underscores left out', () => {
      assert.deepEqual(tokens('getUserName'), ['get', 'user', 'name', 'getusernam']);
      assert.deepEqual(tokens('get_user_name'), ['get', 'user', 'name', 'getusernam']);
      assert.deepEqual(tokens('Name'), ['name']);
      assert.deepEqual(tokens('getusername'), ['getusernam'], 'as somebody types it');
      assert.deepEqual(tokens('sha256'), ['sha', '256', 'sha256']);
    });

    it('come one by one out of code', () => {
      assert.deepEqual(tokens('this.store->open(spec) // 3x'), [
        'this',
        'stor',
        'open',
        'spec',
        '3',
        'x',
        '3x',
      ]);
      assert.deepEqual(tokens(' \n\t.,;(){}[]"\'`'), []);
      assert.deepEqual(tokens(''), []);
    });
  });

  describe('stems', () => {
    for (const forms of [
      ['retry', 'retries', 'retried', 'retrying'],
      ['cache', 'caches', 'cached', 'caching'],
      ['query', 'queries', 'queried', 'querying'],
      ['cookie', 'cookies'],
      ['try', 'tries', 'tried', 'trying'],
      ['dependency', 'dependencies'],
      ['class', 'classes'],
      ['process', 'processes', 'processed', 'processing'],
      ['parse', 'parses', 'parsed', 'parsing'],
      ['index', 'indexes', 'indexed', 'indexing'],
      ['database', 'databases'],
      ['close', 'closes', 'closed', 'closing'],
      ['map', 'maps', 'mapped', 'mapping'],
      ['stop', 'stops', 'stopped', 'stopping'],
      ['add', 'adds', 'added', 'adding'],
      ['call', 'calls', 'called', 'calling'],
      ['cancel', 'cancels', 'cancelled', 'canceled', 'cancelling'],
      ['exceed', 'exceeds', 'exceeded', 'exceeding'],
      ['key', 'keys'],
      ['delay', 'delays', 'delayed', 'delaying'],
      ['string', 'strings'],
      ['serialize', 'serializer', 'serializers', 'serialization', 'serializing'],
      ['validate', 'validates', 'validation', 'validator', 'validated'],
      ['configure', 'configuration', 'configured', 'configurable'],
      ['connect', 'connection', 'connector', 'connecting'],
      ['iterate', 'iterator', 'iteration'],
      ['register', 'registers', 'registered'],
      ['manage', 'manager', 'management'],
    ]) {
      it(`agree for ${forms.join(', ')}`, () =>
        assert.equal(common(...forms).length, 1, common(...forms).join()));
    }

    it('keep apart what only looks alike', () => {
      const words = [
        'status',
        'state',
        'class',
        'case',
        'key',
        'need',
        'bus',
        'axis',
        'user',
        'use',
        'set',
        'seed',
        'parser',
        'parse',
        'option',
        'format',
        'form',
      ];
      assert.equal(common(...words).length, words.length);
    });

    it('never fall below two letters, and are left alone outside English', () => {
      fc.assert(
        fc.property(fc.stringMatching(/^[a-z]{3,14}$/), (word) => {
          assert.ok(stem(word).length >= 2, `${word} → ${stem(word)}`);
        }),
      );
      for (const word of ['größen', 'données', 'файлы', '12ed', 'ed', 's']) assert.equal(stem(word), word);
    });
  });

  describe('scripts without spaces', () => {
    it('are indexed by overlapping pairs', () => {
      assert.deepEqual(tokens('認証処理'), ['認証', '証処', '処理']);
      assert.deepEqual(tokens('鍵'), ['鍵']);
      assert.deepEqual(tokens('読む'), ['読む']);
    });

    it('are found within a longer run, beside Latin words and beyond the length of a hash', () => {
      const found = tokens(`HTTPの認証を処理する${'あいう'.repeat(40)}設定ファイル`);
      for (const token of ['http', '認証', '処理', '設定', 'ファ']) assert.ok(found.includes(token), token);
    });

    it('count characters beyond the basic plane as one', () => {
      assert.deepEqual(tokens('𠮷野家'), ['𠮷野', '野家']);
    });
  });

  describe('odd input', () => {
    it('passes over emoji and keeps the words around them', () => {
      assert.deepEqual(tokens('🚀launch👩‍💻coder 🎉'), ['launch', 'coder']);
    });

    it('drops words as long as hashes, and only those', () => {
      const long = 'a'.repeat(81);
      assert.deepEqual(tokens(`before ${long} after`), ['befor', 'after']);
      assert.equal(tokens('b'.repeat(80)).length, 1);
    });

    it('takes composed and decomposed letters for the same', () => {
      const [composed, decomposed] = ['café_größe'.normalize('NFC'), 'café_größe'.normalize('NFD')];
      assert.notEqual(composed, decomposed);
      assert.deepEqual(tokens(composed), tokens(decomposed));
    });

    it('gets through a megabyte on one line', () => {
      assert.equal(tokens('aB'.repeat(500_000)).length, 0);
      assert.equal(tokens('word_Word2 '.repeat(50_000)).length, 200_000);
    });
  });

  describe('documents and queries', () => {
    const word = fc.oneof(
      fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,30}$/),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constantFrom('認証処理', 'naïveBayes', 'HTTP2', 'हिन्दी', 'ภาษาไทย', 'İstanbul', 'ǅ', 'ﬁle'),
    );

    it('agree: every token of a word is a token of a text with that word', () => {
      fc.assert(
        fc.property(word, fc.array(word, { maxLength: 5 }), (wanted, others) => {
          const document = new Set(tokens([...others, wanted, ...others].join(' ')));
          for (const token of tokens(wanted)) assert.ok(document.has(token), `${wanted}: ${token}`);
        }),
      );
    });

    it('give tokens of letters, digits and marks in lower case alone', () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 0x10ffff }), { maxLength: 30 }), (points) => {
          const text = String.fromCodePoint(...points);
          for (const token of tokens(text)) {
            assert.match(token, /^[\p{L}\p{N}\p{M}]+$/u);
            assert.ok(!/[A-Z]/.test(token));
          }
        }),
      );
    });
  });
});
