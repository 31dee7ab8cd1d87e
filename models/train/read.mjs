// Reads the packages that fetch.py has put into a folder with the product's own reader and chunker.
import { createHash } from 'node:crypto';
import { readdirSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Chunker } from '../../out/server/src/chunking/chunker.js';
import { embeddedText } from '../../out/server/src/chunking/embeddedText.js';
import { Tokenizer } from '../../out/server/src/model/tokenizer.js';
import { isTestPath } from '../../out/server/src/search/penalties.js';
import { readSource } from '../../out/server/src/source/sourceFile.js';
import { languageOf } from '../../out/server/src/syntax/languages.js';
import { Parsers } from '../../out/server/src/syntax/parsers.js';
import { nullLog } from '../../out/shared/src/log.js';

const maxTokens = 256;
const mostBytes = 150_000;
const mostFiles = 200;

const code = new Set(
  'typescript tsx javascript python go rust java c cpp csharp ruby php kotlin scala lua swift dart elixir haskell clojure objectivec'.split(' '),
);
const skipped = /(?:^|\/)(?:node_modules|[^/]*dist-info|\.[^/]+|min|umd|esm\d*|amd|locales?|generated)(?:\/|$)|\.min\./;

/** Order that is the same on every machine, and unlike the order of the names. */
const shuffled = (names) => {
  const digest = (name) => createHash('sha1').update(name).digest('hex');
  return names.map((name) => [digest(name), name]).sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name);
};

export async function openReader(folder) {
  const parsers = new Parsers('dist/grammars', nullLog);
  const chunker = new Chunker(parsers);
  const tokenizer = await Tokenizer.load('models/all-MiniLM-L6-v2');
  const countTokens = (text) => tokenizer.countTokens(text);
  const limits = { maxTokens, countTokens };
  /** As the product embeds a piece of a file. */
  const embedded = (path, text) => embeddedText(path, text, maxTokens, countTokens);

  /** Source files of a package, without tests, in an order by digest. */
  async function* filesOf(root) {
    let files = 0;
    const found = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
    for (const path of shuffled(found)) {
      if (files >= mostFiles) return;
      if (!code.has(languageOf(path)) || skipped.test(path) || isTestPath(path) || path.endsWith('.d.ts')) continue;
      const { kind, text } = await readSource(root, path, { maxFileBytes: mostBytes });
      if (kind !== 'text') continue;
      files++;
      const language = languageOf(path, text);
      const chunked = () => chunker.chunk({ path, language, text, ...limits });
      yield { path, text, language, chunked };
    }
  }

  function* packages() {
    for (const ecosystem of readdirSync(folder).sort()) {
      for (const name of readdirSync(join(folder, ecosystem)).sort()) {
        yield { name: `${ecosystem}/${name}`, files: filesOf(realpathSync(join(folder, ecosystem, name))) };
      }
    }
  }

  return { limits, embedded, packages, dispose: () => parsers.dispose() };
}
