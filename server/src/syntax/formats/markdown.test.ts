import assert from 'node:assert/strict';
import { Lines } from '../lines.js';
import { markdownOutline } from './markdown.js';

describe('markdownOutline', () => {
  const headings = (text: string): string[] =>
    markdownOutline(new Lines(text)).definitions.map(
      ({ qualifiedName, startLine, endLine }) => `${qualifiedName} ${startLine}-${endLine}`,
    );

  it('nests sections by the level of their heading', () => {
    const text = '# Guide\nHi.\n## Install\n### Linux\napt\n### Windows\nexe\n## Use\nRun.\n';
    assert.deepEqual(headings(text), [
      'Guide 1-9',
      'Guide > Install 3-7',
      'Guide > Install > Linux 4-5',
      'Guide > Install > Windows 6-7',
      'Guide > Use 8-9',
    ]);
  });

  it('takes a skipped level for a child, and a higher one after it for a sibling', () => {
    assert.deepEqual(headings('### Deep\na\n# Top\nb\n'), ['Deep 1-2', 'Top 3-4']);
  });

  it('reads underlined headings', () => {
    assert.deepEqual(headings('Guide\r\n=====\r\nHi.\r\n\r\nInstall\r\n---\r\napt\r\n'), [
      'Guide 1-7',
      'Guide > Install 5-7',
    ]);
  });

  it('takes a rule for no heading', () => {
    assert.deepEqual(headings('# A\n\n---\n\ntext\n'), ['A 1-5']);
  });

  it('sees no heading inside a code fence, whichever its mark and length', () => {
    const text = '# A\n````sh\n# no\n```\n# no\n````\n~~~\n# no\n~~~\n## B\n';
    assert.deepEqual(headings(text), ['A 1-10', 'A > B 10-10']);
  });

  it('lets an unclosed fence run to the end', () => {
    assert.deepEqual(headings('# A\n```\n# no\n'), ['A 1-3']);
  });

  it('passes over front matter', () => {
    assert.deepEqual(headings('---\ntitle: x\n# no\n---\n# A\n'), ['A 5-5']);
  });

  it('names a section by what a reader sees', () => {
    assert.deepEqual(headings('## [`run`](x.md) **now** <a id="x"></a> ##\n##\n#no\n'), [
      'run now 1-1',
      '(untitled) 2-3',
    ]);
  });

  it('keeps a section, a fence and a paragraph together', () => {
    const { spans } = markdownOutline(new Lines('# A\n\none\ntwo\n\n```\nx\n```\n'));
    assert.deepEqual(
      spans.map(({ start, end }) => `${start}-${end}`),
      ['2-3', '5-7', '0-7'],
    );
  });
});
