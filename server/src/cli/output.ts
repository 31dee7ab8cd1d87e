import { relative, sep } from 'node:path';
import type {
  DoctorResult,
  IndexProgress,
  IndexReport,
  MemoryResult,
  ModelsResult,
  SearchResult,
  StatusResult,
} from '../../../shared/src/protocol/protocol.js';

/** What the terminal can show. */
export interface Terminal {
  readonly color: boolean;
  readonly columns: number;
}

const paint =
  (code: number) =>
  (terminal: Terminal, text: string): string =>
    terminal.color ? `\x1b[${code}m${text}\x1b[0m` : text;
const bold = paint(1);
const dim = paint(2);
const red = paint(31);
const green = paint(32);
const cyan = paint(36);

/** Control characters of a source file must not reach the terminal; tabs become spaces. */
// eslint-disable-next-line no-control-regex
const plain = (text: string): string => text.replaceAll('\t', '    ').replace(/[\x00-\x1f\x7f-\x9f]/g, '');

const count = (n: number, noun: string): string =>
  `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;

export function mebibytes(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;

/** The start of a hit's text, without the blank lines before it and with the indentation it has in common. */
function excerpt(text: string, lines: number, width: number): string[] {
  const all = text
    .replace(/^(?:[^\S\n]*\n)+/, '')
    .replace(/\s+$/, '')
    .split('\n')
    .slice(0, lines)
    .map(plain);
  const indents = all
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents, 40);
  return all.map((line) => line.slice(indent, indent + width));
}

export function formatSearch(result: SearchResult, terminal: Terminal, cwd: string): string {
  const out: string[] = [];
  for (const hit of result.hits) {
    // Relative to where the user is, so that a terminal makes it a link.
    const near = relative(cwd, `${hit.folder}${sep}${hit.path}`);
    const place = `${near.startsWith('..') ? `${hit.folder}/${hit.path}` : near}:${hit.startLine}`;
    const range = hit.endLine > hit.startLine ? `-${hit.endLine}` : '';
    const symbol = hit.symbol === null ? '' : `  ${bold(terminal, plain(hit.symbol))}`;
    out.push(
      `${cyan(terminal, plain(place))}${dim(terminal, range)}${symbol}  ${dim(terminal, hit.score.toFixed(2))}`,
    );
    for (const line of excerpt(hit.text, 6, Math.max(40, terminal.columns - 4)))
      out.push(`    ${dim(terminal, line)}`);
    if (hit.terms !== undefined) out.push(`    ${termsLine(hit.terms)}`);
    out.push('');
  }
  out.push(dim(terminal, coverageLine(result)));
  return out.join('\n');
}

/** The largest terms first. */
function termsLine(terms: Readonly<Record<string, number>>): string {
  const parts = Object.entries(terms).sort(([, a], [, b]) => b - a);
  return parts.map(([name, term]) => `${name} ${term.toFixed(2)}`).join(', ');
}

function coverageLine({ hits, coverage, elapsedMs }: SearchResult): string {
  const parts = [
    hits.length === 0 ? 'Nothing found. Try other words, or fewer filters' : count(hits.length, 'hit'),
    coverage.filesPending === 0
      ? `in ${count(coverage.filesTotal, 'file')}`
      : `with ${count(coverage.filesPending, 'file')} of ${coverage.filesTotal} still to be indexed`,
    `${Math.round(elapsedMs)} ms`,
  ];
  if (coverage.reason !== undefined) parts.push(`by words only: ${coverage.reason}`);
  return parts.join(', ');
}

export function formatIndex(report: IndexReport, terminal: Terminal): string {
  const skipped = Object.entries(report.filesSkipped).sort(([, a], [, b]) => b - a);
  const lines = [
    `${green(terminal, 'Indexed')} ${bold(terminal, plain(report.folder))} in ${seconds(report.elapsedMs)}`,
    `  files   ${report.filesTotal}: ${report.filesAdded} new, ${report.filesChanged} changed, ${report.filesRemoved} removed, ${report.filesUnchanged} unchanged`,
    `  chunks  ${report.chunksTotal}: ${report.chunksEmbedded} embedded, ${report.chunksReused} known by content, ${report.chunksRemoved} removed`,
  ];
  if (skipped.length > 0) {
    lines.push(dim(terminal, `  left out ${skipped.map(([reason, n]) => `${n} ${reason}`).join(', ')}`));
  }
  if (report.collectionRebuilt)
    lines.push('  The Chroma collection was lost and has been made again from the catalog.');
  return lines.join('\n');
}

export function formatProgress(progress: IndexProgress, terminal: Terminal): string {
  if (progress.kind === 'scanning') return `Reading files: ${progress.files}`;
  const { done, total, rate, secondsLeft } = progress;
  const width = 24;
  const filled = total === 0 ? width : Math.round((done / total) * width);
  const bar = `${'█'.repeat(filled)}${'░'.repeat(width - filled)}`;
  const speed = rate > 0 ? `, ${rate.toFixed(0)}/s, ${Math.ceil(secondsLeft)} s left` : '';
  return `${cyan(terminal, bar)} ${done}/${total} ${progress.files > 0 ? 'files' : 'chunks'}${speed}`;
}

export function formatStatus(status: StatusResult, terminal: Terminal): string {
  const model = status.model.status;
  const note = 'reason' in model ? `: ${model.reason}` : 'provider' in model ? ` on ${model.provider}` : '';
  const lines = [
    `${bold(terminal, 'Lantern')} ${status.version}, process ${status.pid}, data in ${status.dataDir}`,
    `  model    ${status.model.name} (${status.model.dtype}), ${model.kind}${note}`,
    `  vectors  ${status.vectors.kind}${status.vectors.detail === undefined ? '' : ` (${status.vectors.detail})`}`,
  ];
  if (status.folders.length === 0) lines.push('  No folder is indexed yet. Try: lantern index PATH');
  for (const folder of status.folders) {
    const pending = folder.chunksPending === 0 ? '' : `, ${count(folder.chunksPending, 'chunk')} pending`;
    const state =
      folder.status.kind === 'failed' ? red(terminal, `failed: ${folder.status.reason}`) : folder.status.kind;
    lines.push(
      `  folder   ${plain(folder.path)}: ${count(folder.files, 'file')}, ${count(folder.chunks, 'chunk')}${pending}, ${state}`,
    );
  }
  for (const { name, pid, folders } of status.clients) {
    const process = pid === 0 ? '' : ` (process ${pid})`;
    lines.push(`  client   ${plain(name)}${process}${folders.length === 0 ? '' : `: ${folders.join(', ')}`}`);
  }
  for (const { client, query, hits, at } of status.agentSearches.slice(0, 5)) {
    const ago = seconds(Math.max(0, Date.now() - at));
    lines.push(
      `  agent    ${plain(client)}, ${ago} ago: ${count(hits, 'hit')} for "${plain(query).slice(0, 60)}"`,
    );
  }
  return lines.join('\n');
}

export function formatMemory(memory: MemoryResult, terminal: Terminal): string {
  const { daemon, chroma, models, folders, totals, disk } = memory;
  const lines = [
    bold(terminal, 'Memory'),
    `  daemon   ${mebibytes(daemon.rssBytes)} (process ${daemon.pid})`,
    chroma === null
      ? '  chroma   not running'
      : `  chroma   ${mebibytes(chroma.rssBytes)} (process ${chroma.pid})`,
  ];
  if (models.length === 0) lines.push('  No model is loaded.');
  for (const { name, dtype, provider, bytes, leases, holders, idleMs } of models) {
    const use = leases === 0 ? `idle for ${seconds(idleMs)}` : `used by ${holders.join(', ')}`;
    lines.push(`  model    ${name} (${dtype}, ${provider}): ${mebibytes(bytes)}, ${use}`);
  }
  lines.push(
    `  cache    ${count(totals.loads, 'load')}, ${count(totals.hits, 'hit')}, ${count(totals.releases, 'release')}`,
  );
  lines.push(`  disk     catalog ${mebibytes(disk.catalogBytes)}, chroma ${mebibytes(disk.chromaBytes)}`);
  for (const { path, files, chunks, diskBytes } of folders) {
    const size = `${count(files, 'file')}, ${count(chunks, 'chunk')}, ${mebibytes(diskBytes)} on disk`;
    lines.push(`  folder   ${plain(path)}: ${size}`);
  }
  return lines.join('\n');
}

export function formatModels({ models }: ModelsResult, terminal: Terminal): string {
  return models
    .map(({ name, dimensions, maxTokens, sizeBytes, state, selected }) => {
      const mark = selected ? green(terminal, '*') : ' ';
      return `${mark} ${name.padEnd(40)} ${String(dimensions ?? '?').padStart(5)} dimensions, ${maxTokens ?? '?'} tokens, ${sizeBytes === null ? 'size unknown' : mebibytes(sizeBytes)}, ${state}`;
    })
    .join('\n');
}

export function formatDoctor({ checks }: DoctorResult, terminal: Terminal): string {
  return checks
    .map(({ name, ok, detail, fix }) => {
      const mark = ok ? green(terminal, 'ok  ') : red(terminal, 'FAIL');
      return `${mark} ${name.padEnd(10)} ${detail}${fix === undefined ? '' : `\n     ${fix}`}`;
    })
    .join('\n');
}
