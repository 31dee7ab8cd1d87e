import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { packageRoot } from '../src/paths.js';

const root = packageRoot(import.meta.url);

/** Folders of this checkout without documents of its own: what is installed, made, or read by tests. */
const foreign = new Set(['node_modules', 'dist', 'dist-npm', 'dist-vsix', 'out', 'test-fixtures']);

const documents = [...filesBelow(root, '.md'), join(root, 'test-fixtures', 'README.md')];

describe('The documents', () => {
  const fields = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
    scripts: Record<string, string>;
  };

  for (const path of documents) {
    const text = readFileSync(path, 'utf8');

    it(`${relative(root, path)} links to what is there`, () => {
      for (const target of linksOf(text)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [file = '', anchor] = target.split('#');
        const named = file === '' ? path : resolve(dirname(path), file);
        assert.ok(existsSync(named), target);
        assert.ok(named === root || named.startsWith(root + sep), `${target} is outside`);
        if (anchor === undefined) continue;
        assert.ok(anchorsOf(readFileSync(named, 'utf8')).has(anchor), `no heading for ${target}`);
      }
    });

    it(`${relative(root, path)} names scripts and a package that there are`, () => {
      for (const [, script = ''] of text.matchAll(/\bnpm run (?:-s )?([a-z][\w:]*)/g))
        assert.ok(script in fields.scripts, `npm run ${script}`);
      for (const [name, version] of text.matchAll(/lantern-code-search-(\d[\w.-]*)\.tgz/g))
        assert.equal(version, fields.version, name);
    });
  }

  it('name tests that there are, for all that docs/security.md promises', () => {
    const tests = filesBelow(root, '.test.ts').map((path) => `/${relative(root, path).replaceAll(sep, '/')}`);
    const rows = readFileSync(join(root, 'docs', 'security.md'), 'utf8')
      .split(/^## /m)
      .filter((section) => section.startsWith('Who may reach what'))
      .flatMap((section) => section.split('\n').filter((line) => line.startsWith('| ')))
      .filter((line) => !/^\| (Who|-+) /.test(line));
    assert.ok(rows.length > 5);
    for (const row of rows) {
      const named = [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
      assert.notDeepEqual(named, [], row);
      for (const name of named)
        assert.equal(tests.filter((path) => path.endsWith(`/${name}.test.ts`)).length, 1, name);
    }
  });

  it('begin with a command within a screen, in the README', () => {
    const lines = readFileSync(join(root, 'README.md'), 'utf8').split('\n');
    const first = lines.indexOf('```sh');
    assert.ok(first > 0 && first < 40, `the first command is in line ${first + 1}`);
  });
});

function filesBelow(folder: string, end: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name.startsWith('.') || foreign.has(entry.name) ? [] : filesBelow(path, end);
    return entry.name.endsWith(end) ? [path] : [];
  });
}

/** Targets of the links and pictures, those by reference and in HTML included; code has none. */
function linksOf(text: string): string[] {
  const prose = text.replace(/^```[^]*?^```$/gm, '').replace(/`[^`\n]*`/g, '');
  const forms = [/\]\(([^()\s]+)\)/g, /^\[[^\]]+\]: (\S+)$/gm, /\b(?:src|href)="([^"]+)"/g];
  return forms.flatMap((form) => [...prose.matchAll(form)].map(([, target = '']) => target));
}

/** What a link can name in a document: its headings in lower case, without punctuation, with dashes for blanks. */
function anchorsOf(text: string): Set<string> {
  const prose = text.replace(/^```[^]*?^```$/gm, '');
  return new Set(
    [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .trim()
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replace(/\s/g, '-'),
    ),
  );
}
