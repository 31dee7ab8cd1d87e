// A sample of the files of the packages that fetch.py has put into a folder, to write questions about.
//
//   node models/train/files.mjs PACKAGES OUT [FILES_OF_PACKAGE]         after `npm run build && npx tsc -b`
//
// OUT/files.jsonl: a line for each file: `p`, the package, `f`, its path, `l`, the language, `s`, the text of the whole file as
// the product embeds it, and `d`, the same for its chunks. OUT/NNN.txt: what somebody reads who writes questions: for each of fifty
// files its package, path, first comment, definitions and the code of the longest of them. The questions that were written are in
// questions.tsv: package, path, in words of the code, in other words, about one thing that the file does.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileSummary, leadOf } from '../../out/server/src/lexical/fields.js';
import { openReader } from './read.mjs';

const [packages, out, mostFiles = 10] = process.argv.slice(2);
const fewestDefinitions = 3;
const mostChunks = 16;
const filesOfView = 50;

mkdirSync(out, { recursive: true });
const reader = await openReader(packages);
const rows = [];
const views = [];

/** The lines that say most: the first of the longest definition, without the empty ones. */
function codeOf(lines, definitions) {
  const longest = [...definitions].filter(({ kind }) => kind !== 'module').sort((a, b) => b.endLine - b.startLine - (a.endLine - a.startLine))[0];
  const from = longest?.startLine ?? 1;
  return lines
    .slice(from - 1, from + 40)
    .filter((line) => line.trim() !== '')
    .slice(0, 22)
    .map((line) => line.slice(0, 110));
}

for (const { name, files } of reader.packages()) {
  let made = 0;
  // Builds for several module systems have the same files.
  const stems = new Set();
  for await (const { path, text, language, chunked } of files) {
    if (made >= Number(mostFiles)) break;
    const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\..*$/, '');
    if (stems.has(stem)) continue;
    stems.add(stem);
    const file = await chunked();
    if (file.definitions.length < fewestDefinitions) continue;
    made++;
    rows.push({
      p: name,
      f: path,
      l: language,
      s: fileSummary(path, language, text, file, reader.limits),
      d: file.chunks.slice(0, mostChunks).map((chunk) => reader.embedded(path, chunk.text)),
    });
    const lead = leadOf(language, text, file).replace(/\s+/g, ' ').slice(0, 300);
    const names = [...new Set(file.definitions.map(({ qualifiedName }) => qualifiedName))].join(', ').slice(0, 500);
    views.push([`### ${name} ${path}`, lead, `defines: ${names}`, ...codeOf(text.split('\n'), file.definitions)].join('\n'));
  }
}
writeFileSync(join(out, 'files.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
for (let at = 0; at < views.length; at += filesOfView) {
  writeFileSync(join(out, `${String(at / filesOfView).padStart(3, '0')}.txt`), `${views.slice(at, at + filesOfView).join('\n\n')}\n`);
}
console.log(`${rows.length} files`);
reader.dispose();
