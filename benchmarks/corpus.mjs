// Folders of any size, always the same: real source code of the fixtures and of the packages that this project
// installs, in an order unrelated to its origin, so that a part of it is like the whole.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, sep } from 'node:path';
import { root } from './child.mjs';

const endings = new Set([
  '.ts',
  '.js',
  '.mjs',
  '.cjs',
  '.tsx',
  '.jsx',
  '.md',
  '.py',
  '.go',
  '.rs',
  '.java',
  '.c',
  '.h',
]);
/** Larger ones are mostly bundles. */
const mostBytes = 40_000;
const leastBytes = 200;
/** Approximate bytes per chunk of such code. A corpus reports its real number. */
const bytesPerChunk = 620;

let known;

/** All sources as `{ path, size }`, in their order. */
function sources() {
  if (known !== undefined) return known;
  const found = [];
  for (const top of ['node_modules', 'test-fixtures']) {
    const folder = join(root, top);
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !endings.has(extname(entry.name)) || entry.name.includes('.min.')) continue;
      const path = join(entry.parentPath, entry.name);
      const { size } = statSync(path);
      if (size < leastBytes || size > mostBytes) continue;
      const name = path
        .slice(root.length + 1)
        .split(sep)
        .join('/');
      found.push({ path, name, size, order: createHash('sha1').update(name).digest('hex') });
    }
  }
  known = found.sort((a, b) => (a.order < b.order ? -1 : 1));
  return known;
}

/** Path of a source, without folder names that an index excludes by default or long paths of nested packages. */
function placeOf(name, round) {
  const parts = name
    .split('/')
    .slice(1)
    .map((part) =>
      part
        .replace(/^(node_modules|dist|build|out|lib|bin|vendor|target|coverage)$/, '$1-src')
        .replace(/^\.+/, ''),
    );
  return join(`round${round}`, ...parts);
}

function write(folder, source, round) {
  const target = join(folder, placeOf(source.name, round));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, readFileSync(source.path));
  return target;
}

/** Fills `folder` with code for about `chunks` chunks, from the `skip`-th source on; gives the number of files. */
export function writeChunks(folder, chunks, skip = 0) {
  const all = sources();
  let bytes = 0;
  let files = 0;
  for (; bytes < chunks * bytesPerChunk; files++) {
    const at = skip + files;
    const source = all[at % all.length];
    write(folder, source, Math.floor(at / all.length));
    bytes += source.size;
  }
  return files;
}

/** Fills `folder` with exactly `count` files of at most `most` bytes; gives their paths. */
export function writeFiles(folder, count, most = 4000) {
  const all = sources().filter(({ size }) => size <= most);
  return Array.from({ length: count }, (_, at) =>
    write(folder, all[at % all.length], Math.floor(at / all.length)),
  );
}

/** Pieces of sources, about as long as chunks are. */
export function sampleTexts(count) {
  const all = sources();
  return Array.from({ length: count }, (_, at) => {
    const { path, name } = all[(at * 7) % all.length];
    const text = readFileSync(path, 'utf8');
    const start = Math.max(0, text.indexOf('\n', (at * 997) % text.length));
    return `${name}\n${text.slice(start, start + bytesPerChunk)}`;
  });
}
