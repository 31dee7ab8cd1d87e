// Facts about the machine and its processes.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export function describeMachine() {
  const cpu = cpus()[0]?.model;
  const flags = process.platform === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const instructions = ['avx2', 'avx512f', 'avx512_vnni', 'avx_vnni'].filter((name) =>
    new RegExp(`^flags.*\\b${name}\\b`, 'm').test(flags),
  );
  return {
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    cpu,
    instructions,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    loadBefore: loadavg()[0],
  };
}

export const MB = 1024 * 1024;

/** Resident memory of a process in bytes, or 0 when it is gone. */
export function rssOf(pid) {
  try {
    if (process.platform === 'linux') {
      const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
      return Number(kb ?? 0) * 1024;
    }
    return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
  } catch {
    return 0;
  }
}

/** Open files, sockets and pipes of a process; Linux only, elsewhere undefined. */
export function handlesOf(pid) {
  if (process.platform !== 'linux') return undefined;
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Threads of a process; Linux only, elsewhere undefined. */
export function threadsOf(pid) {
  if (process.platform !== 'linux') return undefined;
  return readdirSync(`/proc/${pid}/task`).length;
}

/** The fewest handles over some seconds, so that one that is open for a moment does not count. */
export async function settledHandles(pid, seconds = 4) {
  let least = Infinity;
  for (let i = 0; i < seconds * 5; i++) {
    least = Math.min(least, handlesOf(pid) ?? 0);
    await sleep(200);
  }
  return least;
}

/** Watches the sum of some processes' memory; `stop` gives the largest that was seen. */
export function watchPeak(pids, everyMs = 50) {
  let peak = 0;
  const look = () => {
    const parts = pids().map(rssOf);
    peak = Math.max(
      peak,
      parts.reduce((sum, bytes) => sum + bytes, 0),
    );
  };
  const timer = setInterval(look, everyMs);
  return {
    stop: () => {
      look();
      clearInterval(timer);
      return peak;
    },
  };
}
