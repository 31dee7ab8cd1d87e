import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { decodeText, notebookText } from './decode.js';

const source = 'const größe = "日本 😀";\r\n\tlet x;\n';
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

describe('decodeText', () => {
  const cases: [name: string, bytes: Buffer, text: string, encoding: string][] = [
    ['UTF-8', Buffer.from(source), source, 'utf-8'],
    ['UTF-8 with a mark', Buffer.from(`\uFEFF${source}`), source, 'utf-8'],
    ['UTF-16 LE with a mark', utf16(`\uFEFF${source}`), source, 'utf-16le'],
    ['UTF-16 BE with a mark', utf16(`\uFEFF${source}`).swap16(), source, 'utf-16be'],
    ['UTF-16 LE without a mark', utf16(source), source, 'utf-16le'],
    ['UTF-16 BE without a mark', utf16(source).swap16(), source, 'utf-16be'],
    [
      'UTF-16 with half a character at the end',
      Buffer.concat([utf16('\uFEFFab'), Buffer.of(65)]),
      'ab',
      'utf-16le',
    ],
    ['half a surrogate pair', utf16('\uFEFFa\uD83D'), 'a\uFFFD', 'utf-16le'],
    [
      'windows-1252',
      Buffer.from('print("f\xfcr 5 \x80 \x93so\x94")', 'latin1'),
      'print("für 5 € “so”")',
      'windows-1252',
    ],
    ['nothing', Buffer.alloc(0), '', 'utf-8'],
    ['a mark alone', Buffer.of(0xef, 0xbb, 0xbf), '', 'utf-8'],
    [
      'terminal colours and page breaks',
      Buffer.from('\x1b[31mred\x1b[0m\f\n'),
      '\x1b[31mred\x1b[0m\f\n',
      'utf-8',
    ],
  ];
  for (const [name, bytes, text, encoding] of cases) {
    it(`reads ${name}`, () => {
      const before = Buffer.from(bytes);
      assert.deepEqual(decodeText(bytes), { text, encoding });
      assert.deepEqual(bytes, before);
    });
  }

  it('keeps UTF-8 that has one broken byte, rather than turn all of it into another encoding', () => {
    const bytes = Buffer.concat([Buffer.from('äöüßéèñ日本語\n'), Buffer.of(0xff), Buffer.from('\nend')]);
    assert.equal(decodeText(bytes)?.text, 'äöüßéèñ日本語\n\uFFFD\nend');
  });

  it('recognises binary content', () => {
    const noise = createHash('sha512').update('noise').digest();
    const noNul = Buffer.from(noise.map((byte) => byte || 1));
    const table = Buffer.alloc(4096);
    for (let i = 0; i < table.length; i += 2) table[i] = i % 30;
    const cases = {
      'NUL in text': Buffer.from('abc\0def'),
      'NUL far behind': Buffer.from(`${'text\n'.repeat(5000)}\0`),
      noise,
      'noise without NUL': noNul,
      'a table of small 16-bit numbers': table,
      'UTF-32': Buffer.from([0xff, 0xfe, 0, 0, 65, 0, 0, 0]),
      'marked UTF-8 with NUL': Buffer.from('\uFEFFa\0b'),
      'control characters': Buffer.from('\x01\x02\x03\x04abc'),
    };
    for (const [name, bytes] of Object.entries(cases)) assert.equal(decodeText(bytes), undefined, name);
  });
});

describe('notebookText', () => {
  const cell = (kind: string, source: unknown, more: object = {}): object => ({
    cell_type: kind,
    metadata: {},
    source,
    ...more,
  });
  const written = (cells: readonly object[], metadata: object = {}): string =>
    JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, undefined, 1);

  it('gives the cells at their lines, without outputs and metadata', () => {
    const json = written([
      cell('markdown', ['# Tides\n', 'How "high" they are.']),
      cell('code', ['import math\n', '\n', 'def tide(at):\n', '    return math.sin(at)\n'], {
        outputs: [{ data: { 'image/png': 'iVBORw0KGgo'.repeat(1000) } }],
      }),
      cell('raw', ['not shown']),
      cell('code', []),
    ]);
    const text = notebookText(json) ?? '';
    assert.deepEqual(text.split('\n').filter(Boolean), [
      '# %% [markdown]',
      '# Tides',
      'How "high" they are.',
      '# %%',
      'import math',
      'def tide(at):',
      '    return math.sin(at)',
    ]);
    const lineOf = (all: string, part: string): number =>
      all.split('\n').findIndex((line) => line.includes(part));
    for (const part of ['How ', 'import math', 'def tide', 'return math'])
      assert.equal(lineOf(text, part), lineOf(json, part), part);
  });

  it('reads one that is on a single line, has its source as one string, or another language', () => {
    const compact = JSON.stringify({
      cells: [cell('code', 'x <- 1\ny <- 2\n')],
      metadata: { kernelspec: { language: 'R' } },
    });
    assert.equal(notebookText(compact), '# %% [R]\nx <- 1\ny <- 2\n');
    assert.equal(notebookText(written([])), '');
  });

  it('is undefined for what is no notebook', () => {
    for (const json of ['', '{', '[]', '{"a": 1}', '{"cells": 3}', 'print(1)', '['.repeat(200_000)])
      assert.equal(notebookText(json), undefined, json.slice(0, 20));
    assert.equal(notebookText('{"cells": [3, null, {"source": [1, {}]}, {"cell_type": "code"}]}'), '');
  });
});
