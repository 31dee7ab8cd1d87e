import assert from 'node:assert/strict';
import {
  blockComments,
  endsBlockComment,
  firstSentence,
  isCommentOrDecorator,
  legalNotice,
  licenceText,
  lineComment,
  plainComment,
} from './comments.js';

describe('comments', () => {
  it('lose their marks', () => {
    for (const [marked, plain] of [
      ['// one\n//! two\n/// three', 'one\n two\n three'],
      ['/**\n * Opens it.\n *\n * @param slowly how\n */', 'Opens it.\n \n @param slowly how'],
      ['# one\n## two', 'one\n two'],
      ['"""Says it.\n\nAnd more."""', 'Says it.\n\nAnd more.'],
      ['-- | It opens\n-- and shuts', '| It opens\n and shuts'],
      ['<!-- a note -->', 'a note'],
      ['~S"""\nSays it.\n"""', 'Says it.'],
      ['r"""Says it."""', 'Says it.'],
      ['/// <summary>\n/// Says <see cref="It"/>.\n/// </summary>', 'Says <see cref="It"/>.'],
      ['/** Is {@code null}. */', 'Is null}.'],
      ['// a List<String> or <T>', 'a List<String> or <T>'],
    ] as const)
      assert.equal(plainComment(marked).replace(/ +$/gm, ' '), plain, marked);
  });

  it('have a first sentence', () => {
    for (const [text, sentence] of [
      ['// Opens the door. Or a window.', 'Opens the door'],
      ['/**\n * Opens v1.2 of\n * the door.\n * @param slowly how\n */', 'Opens v1.2 of\n the door'],
      ['/**\n * Opens it\n *\n * @param slowly how\n */', 'Opens it'],
      ['# 扉を開く。窓は閉じる。', '扉を開く'],
      ['//', ''],
    ] as const)
      assert.equal(firstSentence(text).replace(/ +/g, ' ').trim(), sentence, text);
    assert.equal(firstSentence(`// ${'word '.repeat(900)}`).length, 200);
  });

  it('of one line are known by their marks, and directives are none', () => {
    for (const line of ['// a', '  # a', '-- a', ';; a', '% a']) assert.match(line, lineComment, line);
    for (const line of ['#include <a>', '#!/bin/sh', '#[derive(A)]', '#pragma once', 'a // b', '@a', '[a]'])
      assert.doesNotMatch(line, lineComment, line);
  });

  it('and decorators stand above a definition, but a directive of the preprocessor does not', () => {
    for (const line of ['// a', '# a', '@a', '[a]', '--a'])
      assert.equal(isCommentOrDecorator(line, 'typescript'), true, line);
    assert.equal(isCommentOrDecorator('#define A', 'cpp'), false);
    assert.equal(isCommentOrDecorator('// a', 'cpp'), true);
    assert.equal(isCommentOrDecorator('a();', 'cpp'), false);
  });

  it('of several lines begin and end with the same kind of mark', () => {
    for (const text of ['/* a */', '<!-- a -->', '{- a -}', '--[[ a ]]'])
      assert.equal(
        blockComments.filter(([begin, end]) => begin.test(text) && end.test(text)).length,
        1,
        text,
      );
    assert.ok(!blockComments.some(([begin]) => begin.test('{-# LANGUAGE A #-}')), 'a pragma of Haskell');
    assert.match(' */  ', endsBlockComment);
    assert.doesNotMatch(' */ a', endsBlockComment);
  });

  it('are legal notices by a word, and whole licences by their text', () => {
    for (const text of ['Copyright 2024', 'SPDX-License-Identifier', 'licensed to A'])
      assert.match(text, legalNotice, text);
    assert.doesNotMatch('a driver for licensing', legalNotice);
    assert.match('WITHOUT WARRANTIES OF ANY KIND', licenceText);
    assert.doesNotMatch('Copyright 2024 A', licenceText);
  });
});
