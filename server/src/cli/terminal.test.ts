import assert from 'node:assert/strict';
import { tried } from '../../../shared/test/tally.js';
import { bold, obedient, plain } from './terminal.js';
import { safeJson, safeLine } from '../../../shared/src/safeText.js';

const hostile: Readonly<Record<string, string>> = {
  'clears the screen': '\x1b[2J',
  'sets the title of the window': '\x1b]0;owned\x07',
  'begins a sequence with one byte': '\x9b31m',
  'moves to the start of the line': '\rnothing to see',
  'goes back over what was written': '\b\b\b',
  'turns the direction of writing': '\u202e',
  'isolates a direction': '\u2066',
  'hides letters for a program to read': '\u{e0041}',
  'breaks words unseen': '\u200b',
};

describe('what is printed', () => {
  const colourful = { color: true, columns: 80 };

  for (const [what, text] of Object.entries(hostile)) {
    it(`does not pass on what ${what}`, () => {
      for (const shown of [plain(`a${text}b`), safeLine(`a${text}b`), obedient(`a${text}b`, colourful)])
        assert.match(shown, /^a\ufffd[\ufffd\]a-z0-9;[ ]*b$/i, JSON.stringify(shown));
      const json = safeJson({ text });
      assert.match(json, /^[\x20-\x7e]+$/);
      assert.deepEqual(JSON.parse(json), { text });
      tried('attacks');
    });
  }

  it('keeps lines, tabs, letters of any script and our own colours', () => {
    const text = 'ünï\tcode 漢字 שלום 👩‍👩‍👧\nnext';
    assert.equal(obedient(text, colourful), text);
    assert.equal(obedient(bold(colourful, 'x'), colourful), '\x1b[1mx\x1b[0m');
    assert.equal(obedient('\x1b[31mred', { color: false, columns: 80 }), 'red');
  });
});
