// Pairs of a sentence and the code it speaks of, from the packages that fetch.py has put into a folder. The code is cut and
// written as the product embeds it: the path, a line break and the chunk.
//
//   node models/train/pairs.mjs PACKAGES OUT.jsonl         after `npm run build && npx tsc -b`
//
// A line of OUT: `q`, the first sentence of a comment; `d`, the chunk below it without that comment; `c`, with it; `p`, the
// package; `l`, the language. For a file's first comment `d` and `c` are the text of the whole file.
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { fileSummary } from '../../out/server/src/lexical/fields.js';
import { firstSentence, legalNotice, licenceText } from '../../out/server/src/syntax/comments.js';
import { openReader } from './read.mjs';

const [packages, out] = process.argv.slice(2);
const mostOfPackage = 400;
const mostOfSentence = 2;

const kinds = new Set('function method class struct interface enum type object module trait component'.split(' '));
const noSentence =
  /^(?:todo|fixme|xxx|hack|note:|see |eslint|prettier|istanbul|noqa|pylint|mypy|type:|@|#|go:|nolint|region|end|generated|deprecated|internal|default|returns? (?:true|the)?\W*$|constructor\W*$|getter|setter)/i;

/** A sentence that somebody could ask: words of a language, not code, marks or a legal notice. */
function question(comment) {
  if (legalNotice.test(comment) || licenceText.test(comment)) return undefined;
  const text = firstSentence(comment)
    .replace(/\{@\w+\s+([^}]*)\}|`([^`]*)`/g, '$1$2')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/[\s.:;,-]+$/, '')
    .trim();
  const words = text.split(' ').filter((word) => /[a-z]{2}/i.test(word));
  if (words.length < 3 || words.length > 30 || noSentence.test(text)) return undefined;
  const letters = text.replace(/[^a-z ]/gi, '').length;
  return letters / text.length < 0.85 ? undefined : text;
}

/** Whether there is enough to recognise. */
const says = (text) => (text.match(/[A-Za-z]{2,}/g) ?? []).length >= 12;

const reader = await openReader(packages);
const { limits, embedded } = reader;
const seen = new Set();
const sentences = new Map();
const stream = createWriteStream(out);

function isNew(sentence, text) {
  const digest = createHash('sha1').update(text.replace(/^.*\n/, '')).digest('base64');
  const times = sentences.get(sentence.toLowerCase()) ?? 0;
  if (seen.has(digest) || times >= mostOfSentence) return false;
  seen.add(digest);
  sentences.set(sentence.toLowerCase(), times + 1);
  return true;
}

async function pairsOf({ path, text, language, chunked }) {
  const file = await chunked();
  const lines = text.split('\n');
  const pairs = [];
  const [lead] = file.comments;
  const about = lead !== undefined && lead.startLine <= 5 ? question(lead.text) : undefined;
  if (about !== undefined) {
    const without = lines.map((line, i) => (i + 1 >= lead.startLine && i < lead.endLine ? '' : line)).join('\n');
    const bare = fileSummary(path, language, without, { ...file, comments: file.comments.slice(1) }, limits);
    if (says(bare)) pairs.push({ q: about, d: bare, c: fileSummary(path, language, text, file, limits) });
  }
  for (const { kind, startLine, endLine, nameLine } of file.definitions) {
    if (!kinds.has(kind) || endLine - startLine < 2) continue;
    const comment = file.comments.find(
      (one) => one.endLine === startLine - 1 || (one.startLine >= startLine && one.startLine <= nameLine + 3 && one.endLine < endLine),
    );
    const q = comment && question(comment.text);
    if (q === undefined) continue;
    const chunk = file.chunks.find((one) => one.startLine <= nameLine && one.endLine >= nameLine);
    if (chunk === undefined) continue;
    const kept = lines
      .slice(chunk.startLine - 1, chunk.endLine)
      .filter((_, i) => chunk.startLine + i < comment.startLine || chunk.startLine + i > comment.endLine)
      .join('\n');
    if (!says(kept)) continue;
    pairs.push({ q, d: embedded(path, kept), c: embedded(path, chunk.text) });
  }
  return pairs;
}

let total = 0;
for (const { name, files } of reader.packages()) {
  let made = 0;
  for await (const file of files) {
    if (made >= mostOfPackage) break;
    for (const pair of await pairsOf(file)) {
      if (made >= mostOfPackage || !isNew(pair.q, pair.d)) continue;
      stream.write(`${JSON.stringify({ ...pair, p: name, l: file.language })}\n`);
      made++;
    }
  }
  total += made;
}
console.log(`${total} pairs`);
stream.end();
reader.dispose();
