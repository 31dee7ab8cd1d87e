import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { fuzz } from '../../../shared/test/fuzz.js';
import { TestFolder } from '../../test/support/testFolder.js';

/**
 * Names and patterns are ASCII: for git `?` is one byte, here it is one character. No name is one of the built-in
 * excludes.
 */
const names = [
  'a',
  'b',
  'ab',
  'B',
  'c.x',
  'd.y',
  'e f',
  '[g]',
  'h!',
  '#i',
  '!j',
  'k*',
  'l\\m',
  ' n',
  'o-p',
  '^',
  'q]',
  '{r,s}',
  '~t',
];

describe('ignore rules and git, on generated trees', function () {
  this.timeout(3_600_000);

  before(function () {
    if (spawnSync('git', ['--version']).status === 0) return;
    this.skip();
  });

  /** Those of `paths` that git ignores, by `git check-ignore`. */
  function ignoredByGit(folder: TestFolder, paths: readonly string[]): Set<string> {
    const { stdout, status, stderr } = spawnSync('git', ['check-ignore', '-z', '--stdin', '--no-index'], {
      cwd: folder.root,
      env: { ...folder.environment, PATH: process.env['PATH'] },
      input: paths.join('\0'),
      encoding: 'utf8',
    });
    assert.ok(status === 0 || status === 1, stderr);
    return new Set(stdout.split('\0').filter(Boolean));
  }

  const name = fc.constantFrom(...names);
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
  /** A name as a pattern: as it is, or with every mark escaped. */
  const literal = fc
    .tuple(name, fc.boolean())
    .map(([one, escape]) => (escape ? one.replace(/[\\*?[\]!# ]/g, '\\$&') : one));
  const segment = fc.oneof(
    { weight: 3, arbitrary: literal },
    fc.constantFrom(
      '*',
      '**',
      '***',
      '?',
      '*.x',
      'a*',
      '*b*',
      '**b',
      'a**',
      '?.[xy]',
      '[ab]',
      '[a-c]',
      '[!a]',
      '[^a]',
      '[]-]',
      '[a',
      'a]',
    ),
    fc.constantFrom(
      '[[:alpha:]]',
      '[[:upper:]]*',
      '[\\]]*',
      '[!a-c]*',
      '[z-a]',
      '[a-]',
      '\\',
      '\\*',
      '\\a',
      'a\\',
      '.',
      '..',
      '',
    ),
    fc
      .array(fc.constantFrom('a', 'b', '*', '?', '[', ']', '!', '-', '\\', '.', ' ', 'B'), {
        minLength: 1,
        maxLength: 5,
      })
      .map((parts) => parts.join('')),
  );
  const pattern = fc
    .tuple(
      fc.constantFrom('', '', '', '!', '\\!', '\\#', '!!', ' '),
      fc.constantFrom('', '', '/', '**/', '//'),
      fc.array(segment, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('', '', '', '/', '/**', '/*', ' ', '  ', '\\ ', '\\  ', '\t', '\r', '/ '),
    )
    .map(([negation, start, segments, end]) => negation + start + segments.join('/') + end)
    // What git makes of two stars after another character depends on where its memory happens to be.
    .filter((one) => !/[^/!]\*\*|^!!\*\*/.test(one));
  const rules = fc.array(
    fc.oneof({ weight: 9, arbitrary: pattern }, fc.constantFrom('# note', '', '   ', '/', '!', '\\')),
    { maxLength: 5 },
  );
  const tree = fc.record({
    files: fc.array(path, { minLength: 3, maxLength: 25 }),
    ignores: fc.array(
      fc.tuple(
        fc.oneof(
          fc.constant(''),
          path.map((one) => `${one}/`),
        ),
        rules,
        fc.constantFrom('\n', '\r\n'),
      ),
      { maxLength: 4 },
    ),
    info: rules,
    ignoreCase: fc.boolean(),
  });

  it('agree about every file', async () => {
    await fuzz(tree, 40, async ({ files, ignores, info, ignoreCase }) => {
      const folder = new TestFolder();
      try {
        folder.makeRepository('.git', `[core]\n\tignorecase = ${ignoreCase}\n`);
        mkdirSync(join(folder.root, '.git/info'), { recursive: true });
        const there: string[] = [];
        const write = (file: string, content: string): void => {
          try {
            folder.write({ [file]: content });
            there.push(file);
          } catch {
            // A file stands where a directory is wanted, or the other way round: one of them is enough.
          }
        };
        folder.write({ '.git/info/exclude': info.join('\n') });
        for (const [at, lines, end] of ignores) write(`${at}.gitignore`, lines.join(end) + end);
        for (const file of files) write(file, 'x');
        const ignored = ignoredByGit(folder, there);
        const expected = [...new Set(there)].filter((file) => !ignored.has(file)).sort();
        assert.deepEqual((await folder.walk()).found, expected);
      } finally {
        folder.dispose();
      }
    });
  });
});
