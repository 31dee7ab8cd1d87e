import { contains } from '../../../shared/src/contains.js';
import type { MemoryResult, ScanProgress, StatusResult } from '../../../shared/src/protocol/protocol.js';
import type { DaemonState } from '../daemonClient.js';

/** Everything that the status bar item depends on. */
export interface StatusFacts {
  readonly daemon: DaemonState;
  readonly status: StatusResult | undefined;
  readonly memory: MemoryResult | undefined;
  readonly trusted: boolean;
  /** The window's folders, by absolute path. */
  readonly open: readonly string[];
}

export interface Indicator {
  /** Text with the editor's icons as `$(name)`. */
  readonly text: string;
  /** Text for a screen reader. */
  readonly label: string;
  readonly problem: boolean;
}

/** The state in a few characters. */
export function indicatorOf({ daemon, status, memory, trusted, open }: StatusFacts): Indicator {
  const quiet = (icon: string, word: string, label: string): Indicator => ({
    text: `$(${icon}) ${word}`,
    label: `Lantern: ${label}`,
    problem: false,
  });
  if (!trusted) return quiet('shield', 'Lantern', 'the workspace is not trusted');
  if (daemon.kind === 'failed') {
    return { text: '$(warning) Lantern', label: `Lantern: not running. ${daemon.reason}`, problem: true };
  }
  if (daemon.kind === 'connecting') return quiet('sync~spin', 'Lantern', 'starting');
  if (daemon.kind === 'idle' || status === undefined) return quiet('circle-outline', 'Lantern', 'at rest');

  const failed = status.folders.find((folder) => folder.status.kind === 'failed');
  const model = status.model.status;
  if (model.kind === 'failed') {
    return { text: '$(warning) Lantern', label: `Lantern: no model. ${model.reason}`, problem: true };
  }
  if (failed?.status.kind === 'failed') {
    const label = `Lantern: indexing ${failed.path} failed. ${failed.status.reason}`;
    return { text: '$(warning) Lantern', label, problem: true };
  }
  const percent = indexingPercent(status);
  if (percent !== undefined) return quiet('sync~spin', `${percent} %`, `indexing, ${percent} percent`);
  if (model.kind === 'loading') return quiet('sync~spin', 'Lantern', 'the model is being loaded');
  const used = memory === undefined ? '' : bytes(totalBytes(memory));
  if (status.folders.some((folder) => folder.status.kind === 'paused')) {
    return quiet('debug-pause', used || 'Lantern', `paused, ${used} in use`);
  }
  const partial = status.folders.find(
    (folder) => folder.status.kind === 'partial' && open.some((path) => contains(folder.path, path)),
  );
  if (partial !== undefined) {
    return quiet('color-mode', used || 'Lantern', `${partial.path} is partly indexed, ${used} in use`);
  }
  const loaded = model.kind === 'ready';
  const label = `the model is ${loaded ? 'loaded' : 'not loaded'}, ${used} in use`;
  return quiet(loaded ? 'circle-filled' : 'circle-outline', used || 'Lantern', label);
}

/** Progress of all folders that are being indexed, together; undefined when there is none. */
export function indexingPercent(status: StatusResult): number | undefined {
  let [done, total, some] = [0, 0, false];
  for (const { status: one } of status.folders) {
    if (one.kind === 'scanning') some = true;
    if (one.kind !== 'indexing') continue;
    some = true;
    done += one.done;
    total += one.total;
  }
  if (!some) return undefined;
  return total === 0 ? 0 : Math.floor((100 * done) / total);
}

/** The full state in Markdown, with links to commands. `commands` gives the address of a command. */
export function tooltipOf({ daemon, status, memory, trusted, open }: StatusFacts): string {
  const lines: string[] = ['**Lantern**', ''];
  if (!trusted) lines.push('The workspace is not trusted: nothing in it is read.');
  else if (daemon.kind === 'failed') lines.push(`$(warning) ${escape(daemon.reason)}`);
  else if (status === undefined) lines.push('Not started in this window yet. A search starts it.');
  if (status !== undefined) {
    lines.push(`| | |`, `|:--|:--|`, `| Model | ${escape(modelLine(status, memory))} |`);
    for (const folder of status.folders) {
      const { path, files, chunks } = folder;
      lines.push(`| ${escape(baseName(path))} | ${files} files, ${chunks} chunks, ${folderLine(folder)} |`);
    }
    for (const path of open) {
      if (status.folders.some((folder) => contains(folder.path, path))) continue;
      lines.push(`| ${escape(baseName(path))} | not indexed |`);
    }
    if (memory !== undefined) {
      const { daemon: own, chroma } = memory;
      const parts = [
        `daemon ${bytes(own.rssBytes)}`,
        ...(memory.remoteChroma === undefined ? [] : [`Chroma unknown (${escape(memory.remoteChroma)})`]),
        ...(chroma ? [`Chroma ${chroma.rssBytes === null ? 'unknown' : bytes(chroma.rssBytes)}`] : []),
      ];
      lines.push(`| Memory | ${bytes(totalBytes(memory))}: ${parts.join(', ')} |`);
    }
    const shared = status.sharedVectors;
    if (shared !== undefined) {
      const said =
        shared.kind === 'used' ? `${shared.taken} taken, ${shared.given} given` : escape(shared.reason);
      lines.push(`| Shared vectors | ${said} |`);
    }
    if (status.vectors.detail !== undefined) lines.push(`| Vectors | ${escape(status.vectors.detail)} |`);
  }
  const paused = status?.folders.some((folder) => folder.status.kind === 'paused') === true;
  const links = [
    link('Search', 'lantern.search'),
    link('Memory', 'lantern.showMemory'),
    paused ? link('Resume', 'lantern.resume') : link('Pause', 'lantern.pause'),
    link('Clear Cache', 'lantern.clearCache'),
    link('Log', 'lantern.showLog'),
  ];
  lines.push('', links.join(' · '));
  return lines.join('\n');
}

export function bytes(count: number): string {
  const mib = count / 1024 / 1024;
  if (mib >= 1024) return `${(mib / 1024).toFixed(1)} GB`;
  return mib >= 10 || mib === 0 ? `${Math.round(mib)} MB` : `${mib.toFixed(1)} MB`;
}

/** What is known to be resident. */
export function totalBytes({ daemon, chroma }: MemoryResult): number {
  return daemon.rssBytes + (chroma?.rssBytes ?? 0);
}

/** How far the files are read: `120 of 1414 files`. */
export function filesOf({ files, total }: ScanProgress): string {
  return total < 0 ? `${files} files` : `${files} of ${total} files`;
}

export function folderLine({ status, filesPending }: StatusResult['folders'][number]): string {
  switch (status.kind) {
    case 'scanning':
      return `reading ${filesOf(status)}`;
    case 'indexing':
      return `indexing ${status.total === 0 ? 0 : Math.floor((100 * status.done) / status.total)} %`;
    case 'paused':
      return 'paused';
    case 'failed':
      return `failed: ${status.reason}`;
    case 'partial':
      return `partly indexed, ${filesPending} files pending; “Lantern: Index Folder” completes it`;
    case 'idle':
      return 'up to date';
  }
}

function modelLine({ model }: StatusResult, memory: MemoryResult | undefined): string {
  const name = `${model.name} (${model.dtype})`;
  const { status } = model;
  if (status.kind === 'failed') return `${name}: ${status.reason}`;
  if (status.kind !== 'ready') return `${name}, ${status.kind === 'loading' ? 'being loaded' : 'not loaded'}`;
  const entry = memory?.models.find((one) => one.name === model.name);
  const holders = entry?.holders.join(', ') ?? '';
  const use = holders === '' ? 'not in use' : `used by ${holders}`;
  return `${name} on ${status.provider}, ${use}${status.note === undefined ? '' : `: ${status.note}`}`;
}

const link = (text: string, command: string): string => `[${text}](command:${command})`;
const baseName = (path: string): string => path.split(/[/\\]/).filter(Boolean).at(-1) ?? path;
const escape = (text: string): string => text.replace(/[\\`*_{}[\]()#+!|<>]/g, '\\$&').replace(/\s+/g, ' ');
