import assert from 'node:assert/strict';
import { tokens } from './tokens.js';
import type { ChunkedFile } from '../chunking/chunker.js';
import type { Comment, Definition } from '../syntax/definitions.js';
import { fileSummary, termsOfFile, leadOf, signaturesOf } from './fields.js';

const comment = (startLine: number, text: string): Comment => ({
  startLine,
  endLine: startLine + text.split('\n').length - 1,
  text,
});
const file = (comments: Comment[], names: string[] = []): ChunkedFile => ({
  chunks: [],
  comments,
  definitions: names.map((name, i): Definition => ({
    name,
    qualifiedName: name,
    kind: 'function',
    startLine: i + 1,
    endLine: i + 1,
    nameLine: i + 1,
  })),
});
const limits = { maxTokens: 1000, countTokens: (text: string) => Math.ceil(text.length / 4) };

describe('lexical fields', () => {
  it('have the first sentence of each comment, and no more', () => {
    const comments = [comment(1, '// Opens. Aside.'), comment(9, '// Shuts.')];
    const { comments: words } = termsOfFile('a.ts', 'typescript', '', file(comments));
    assert.deepEqual(words, tokens('opens shuts'));
  });

  describe('the lead', () => {
    it('is what the comments at the top say', () => {
      const comments = [
        comment(1, '// Opens doors.'),
        comment(20, '// A hinge.'),
        comment(90, '// Far away.'),
      ];
      assert.equal(leadOf('typescript', '', file(comments)), 'Opens doors.\nA hinge.');
    });

    it('leaves the licence out, whole or by its lines', () => {
      const apache = comment(1, '/*\n * Licensed under the Apache License\n * without warranty\n */');
      const short = comment(
        1,
        '// Copyright 2020 Somebody\n// Opens doors.\n// SPDX-License-Identifier: MIT',
      );
      const later = comment(30, '// Reads the licence of a file, copyright included.');
      assert.equal(leadOf('go', '', file([apache, comment(9, '// Opens doors.')])), 'Opens doors.');
      assert.equal(leadOf('go', '', file([short])), 'Opens doors.');
      assert.match(leadOf('go', '', file([later])), /licence/);
    });

    it('is the beginning of prose, and never long', () => {
      assert.equal(leadOf('markdown', '# Doors\n\nThey open.', file([])), '# Doors\n\nThey open.');
      assert.ok(leadOf('go', '', file([comment(1, `// ${'word '.repeat(900)}`)])).length <= 500);
    });
  });

  it('count a file’s name twice, and only the nearest directories', () => {
    const { path } = termsOfFile('a/b/c/d/e/f/g/openDoor.ts', 'typescript', '', file([]));
    assert.deepEqual(path, [...tokens('openDoor'), ...tokens('openDoor'), 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('know the lines that define something', () => {
    const { definitions } = file([], ['a', 'b', 'b']);
    const lines = ['  function a() {', `const b = ${'x'.repeat(300)}`, ''];
    const [first, second] = signaturesOf(definitions, lines).split('\n');
    assert.equal(first, 'function a() {');
    assert.equal(second?.length, 160);
  });

  describe('the text of a file', () => {
    it('says where it is, what it is for and what it defines', () => {
      const made = fileSummary(
        'src/doorOpener.ts',
        'typescript',
        '',
        file([comment(1, '// Opens.')], ['openDoor', 'HTTPPort']),
        limits,
      );
      assert.equal(made, 'src door opener . Opens. . open door http port');
    });

    it('fits the model', () => {
      const names = Array.from({ length: 500 }, (_, i) => `someName${i}`);
      for (const maxTokens of [8, 64, 1000]) {
        const made = fileSummary('a.ts', 'typescript', '', file([], names), { ...limits, maxTokens });
        assert.ok(limits.countTokens(made) + 2 <= maxTokens);
        assert.ok(made.length <= 900 && made.length > 0);
      }
    });
  });
});
