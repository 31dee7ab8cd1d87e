// What search tools show a model for a question: `pages` of text, and the `places` in it: `{path, start, end, at}`, with
// the position in the text by which a reader knows the place.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { root } from './child.mjs';
import { toBlocks } from '../out/server/src/mcp/answers/blocks.js';
import { budgetBytes } from '../out/server/src/mcp/answers/budget.js';
import { hitsAnswer } from '../out/server/src/mcp/answers/hitsAnswer.js';

/** Most hits that a reader asks for, if the tool counts hits. */
const mostHits = 50;

/** Places of a text of Lantern's. */
function placesOf(text) {
  return [...text.matchAll(/^(?:\[\d+\] )?(\S.*?):(\d+)-(\d+)(?=[ \n]|$)/gm)]
    .filter(([line]) => !/^\d+\| /.test(line))
    .map((match) => {
      const [all, path, start, end] = match;
      return { path, start: Number(start), end: Number(end), at: match.index + all.length };
    });
}

/** Lantern's `search_code` as an agent calls it; follows cursors until `bytes` of text are there. */
export async function lantern(home, detail, bytes) {
  const client = new Client({ name: 'tokens', version: '1' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [join(root, 'dist', 'lantern.js'), 'mcp'],
    env: { ...process.env, LANTERN_HOME: home },
    cwd: '/',
  });
  await client.connect(transport);
  const call = async (args) => {
    const { content, isError } = await client.callTool({ name: 'search_code', arguments: args });
    const text = content.map((part) => part.text).join('');
    if (isError) throw new Error(text);
    if (text.includes('by words only')) throw new Error(`vectors took no part: ${text.slice(0, 300)}`);
    return text;
  };
  return {
    async ask(folder, query) {
      const args = { query, folder, ...(detail !== undefined && { detail }) };
      let text = '';
      for (let cursor; text.length < bytes;) {
        const page = await call({ ...args, ...(cursor !== undefined && { cursor }) });
        text += `${page}\n`;
        cursor = /^More: .*cursor "([^"]+)"/m.exec(page)?.[1];
        if (cursor === undefined) break;
      }
      return { text, places: placesOf(text) };
    },
    close: () => client.close(),
  };
}

/** Files of a folder, as relative paths with `/`. */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Words as code search counts them: whole, and the parts of names in camelCase and snake_case. */
function tokens(text) {
  return (text.match(/[A-Za-z][A-Za-z0-9_]*/g) ?? []).flatMap((word) => {
    const parts = word.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+/g) ?? [];
    return [...new Set([word, ...parts].map((part) => part.toLowerCase()))];
  });
}

const windowLines = 30;

/** BM25 alone, over windows of thirty lines with their paths, in Lantern's format. */
export function bm25(bytes) {
  const indexes = new Map();
  const indexOf = (folder) => {
    const known = indexes.get(folder);
    if (known !== undefined) return known;
    const windows = filesOf(folder).flatMap((path) => {
      const lines = readFileSync(join(folder, path), 'utf8').split('\n');
      return Array.from({ length: Math.ceil(lines.length / windowLines) }, (_, at) => {
        const own = lines.slice(at * windowLines, (at + 1) * windowLines);
        const counts = new Map();
        const words = tokens(`${path}\n${own.join('\n')}`);
        for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
        return { path, start: at * windowLines + 1, lines: own, counts, length: words.length };
      });
    });
    const frequency = new Map();
    for (const { counts } of windows)
      for (const word of counts.keys()) frequency.set(word, (frequency.get(word) ?? 0) + 1);
    const average = windows.reduce((sum, { length }) => sum + length, 0) / windows.length;
    const index = { windows, frequency, average };
    indexes.set(folder, index);
    return index;
  };
  return {
    ask(folder, query) {
      const { windows, frequency, average } = indexOf(folder);
      const words = new Set(tokens(query));
      const scored = windows.map((window) => {
        let score = 0;
        for (const word of words) {
          const count = window.counts.get(word) ?? 0;
          const n = frequency.get(word) ?? 0;
          const idf = Math.log(1 + (windows.length - n + 0.5) / (n + 0.5));
          score += (idf * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * window.length) / average));
        }
        return { ...window, score };
      });
      const best = scored
        .filter(({ score }) => score > 0)
        .sort((a, b) => b.score - a.score)
        .slice(0, mostHits);
      const isAsked = (line) => tokens(line).filter((word) => words.has(word)).length;
      const hits = best.map(({ path, start, lines, score }) => {
        const at = lines.reduce((top, line, i) => (isAsked(line) > isAsked(lines[top]) ? i : top), 0);
        const line = { number: start + at, text: lines[at].trim(), marks: [] };
        const endLine = start + lines.length - 1;
        return {
          folder,
          path,
          startLine: start,
          endLine,
          symbol: null,
          language: '',
          score,
          line,
          text: lines.join('\n'),
        };
      });
      const blocks = toBlocks(hits);
      let text = '';
      for (let offset = 0; offset < blocks.length && text.length < bytes;) {
        const page = hitsAnswer(
          {
            blocks: blocks.slice(offset, offset + 15),
            offset,
            found: blocks.length,
            atLeast: false,
            folders: [folder],
            coverage: { filesTotal: 1, filesIndexed: 1, filesPending: 0, filesUnread: 0, semantic: true },
            notes: [],
            detail: undefined,
            form: 'text',
            cursorAt: (next) => `${next}`,
          },
          budgetBytes(2500),
        );
        const shown = page.content.map((part) => part.text).join('');
        text += `${shown}\n`;
        offset = Number(/^More: .*cursor "(\d+)"/m.exec(shown)?.[1] ?? blocks.length);
      }
      return { text, places: placesOf(text) };
    },
    close: () => undefined,
  };
}

const commonWords = new Set(
  (
    'a an and are as at be by can do does for from get has have how in into is it its of on or per that the their then this ' +
    'to use used uses using was what when where which while who why with'
  ).split(' '),
);
const rarest = 3;
const around = 5;

/**
 * What an agent with grep sees: windows of ten lines around the question's three rarest words. In its favour the
 * files that have most of those words come first.
 */
export function ripgrep(program) {
  const rg = (args, folder) => {
    const { stdout, status, error } = spawnSync(program, [...args, '.'], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (error !== undefined || status > 1) throw error ?? new Error(`${program} failed`);
    return stdout;
  };
  const filesWith = new Map();
  const holders = (folder, word) => {
    const key = `${folder}\0${word}`;
    if (!filesWith.has(key)) {
      const found = rg(['--no-config', '-ilF', '-e', word], folder).split('\n').filter(Boolean);
      filesWith.set(
        key,
        found.map((path) => path.replace(/^\.\//, '')),
      );
    }
    return filesWith.get(key);
  };
  return {
    ask(folder, query) {
      const asked = [...new Set(query.match(/[A-Za-z_][A-Za-z0-9_]+/g) ?? [])];
      const words = asked
        .filter((word) => word.length > 2 && !commonWords.has(word.toLowerCase()))
        .map((word) => ({ word, files: holders(folder, word) }))
        .filter(({ files }) => files.length > 0)
        .sort((a, b) => a.files.length - b.files.length)
        .slice(0, rarest);
      if (words.length === 0) return { text: '', places: [] };
      const patterns = words.flatMap(({ word }) => ['-e', word]);
      const out = rg(['--no-config', '-inF', '--heading', '--sort=path', `-C${around}`, ...patterns], folder);
      const files = out
        .trimEnd()
        .split('\n\n')
        .reduce((all, part) => {
          // A blank line within a file begins with its number, so a part without a number begins a file.
          if (/^\.\//.test(part)) all.push(part.replace(/^\.\//, ''));
          else all[all.length - 1] += `\n\n${part}`;
          return all;
        }, []);
      const has = (path) => words.filter(({ files: holding }) => holding.includes(path)).length;
      const ranked = files
        .map((file) => ({ path: file.slice(0, file.indexOf('\n')), file }))
        .sort((a, b) => has(b.path) - has(a.path));
      let text = '';
      const places = [];
      for (const { path, file } of ranked) {
        let at = text.length + path.length + 1;
        for (const window of file.slice(path.length + 1).split('\n--\n')) {
          const numbers = [...window.matchAll(/^(\d+)[-:]/gm)].map(([, number]) => Number(number));
          places.push({ path, start: numbers[0], end: numbers.at(-1), at });
          at += window.length + 4;
        }
        text += `${file}\n\n`;
      }
      return { text, places };
    },
    close: () => undefined,
  };
}

/** semble as its server answers: JSON with ten lines of each result, or with places alone. */
export function semble(python, model, snippetLines) {
  const script = fileURLToPath(new URL('peer/search_semble.py', import.meta.url));
  const child = spawn(python, [script, model, String(mostHits), String(snippetLines)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(folder, query) {
      child.stdin.write(`${JSON.stringify({ folder, query })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('semble has ended');
      const text = JSON.parse(value);
      const found = text.matchAll(/"file_path": "([^"]+)", "start_line": (\d+), "end_line": (\d+)/g);
      const places = [...found].map((match) => {
        const [all, path, start, end] = match;
        return { path, start: Number(start), end: Number(end), at: match.index + all.length };
      });
      return { text, places };
    },
    close: () => child.kill(),
  };
}

/** What `codegraph explore` prints. It keeps its index in the folder, so it works on a copy; its home is there, too. */
export function codegraph(program) {
  const home = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-codegraph-')));
  const copies = new Map();
  const run = (args, cwd) => {
    const env = { ...process.env, HOME: home };
    const { stdout, status, error } = spawnSync(program, args, {
      cwd,
      env,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (error !== undefined || status !== 0)
      throw error ?? new Error(`codegraph ${args[0]} failed: ${stdout}`);
    return stdout;
  };
  const copyOf = (folder) => {
    if (!copies.has(folder)) {
      const copy = join(home, String(copies.size));
      cpSync(folder, copy, { recursive: true });
      run(['init'], copy);
      copies.set(folder, copy);
    }
    return copies.get(folder);
  };
  return {
    ask(folder, query) {
      const text = run(['explore', query], copyOf(folder));
      // A file is named beside a symbol, `(chi.go:78)`, or above its code. Either counts for all of the file.
      const named = text.matchAll(/\(([^()\s:]+):\d+\)|^\*\*`([^`]+)`\*\*/gm);
      const places = [...named].map((match) => {
        const [all, beside, above] = match;
        return { path: beside ?? above, start: 1, end: Infinity, at: match.index + all.length };
      });
      return { text, places };
    },
    close: () => rmSync(home, { recursive: true, force: true }),
  };
}
