import { type Dirent, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ignore from 'ignore';

const ruleFiles = ['.gitignore', '.lanternignore'];

/** Why a folder without files to index has none, and how to have them nevertheless; a sentence for a person. */
export function whyEmpty(root: string, skipped: Readonly<Record<string, number>>): string {
  const entries = entriesOf(root).filter(({ name }) => name !== '.git' && !ruleFiles.includes(name));
  if (entries.length === 0) return 'The folder is empty.';
  const paths = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  let best: { hidden: number; file: string; line: number; pattern: string } | undefined;
  for (const file of ruleFiles) {
    for (const [row, pattern] of linesOf(join(root, file)).entries()) {
      if (pattern.trim() === '' || /^[#!]/.test(pattern)) continue;
      const rule = ignore().add(pattern);
      const hidden = paths.filter((path) => rule.ignores(path)).length;
      if (hidden > (best?.hidden ?? 0)) best = { hidden, file, line: row + 1, pattern: pattern.trim() };
    }
  }
  if (best !== undefined) {
    const { hidden, file, line, pattern } = best;
    const all = hidden === 1 ? 'the only entry' : `all ${hidden} entries`;
    const share = hidden === entries.length ? all : `${hidden} of ${entries.length} entries`;
    const remedy =
      file === '.lanternignore'
        ? 'Take the line out to index them.'
        : `A file .lanternignore with the line "!${pattern}" has them indexed nevertheless.`;
    return `${file} line ${line}, "${pattern}", hides ${share}. ${remedy}`;
  }
  const reasons = Object.entries(skipped).sort(([, a], [, b]) => b - a);
  if (reasons.length === 0) return 'No file in it can be indexed.';
  return `What is in it was left out: ${reasons.map(([reason, n]) => `${n} ${reason}`).join(', ')}.`;
}

function entriesOf(root: string): Dirent[] {
  try {
    return readdirSync(root, { withFileTypes: true });
  } catch {
    // It has gone since it was read.
    return [];
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}
