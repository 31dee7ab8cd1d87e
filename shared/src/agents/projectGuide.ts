import { join } from 'node:path';
import { LanternError, errorMessage } from '../errors.js';
import { readConfig, removeConfig, writeConfig } from './configFile.js';
import { ReceiptFile, type TextChange, changeBetween, reverted } from './receipt.js';

/** What agents are told of Lantern, in AGENTS.md and in the instructions of the editor's agents. Markdown. */
export const guideText = `## Searching this code

Lantern searches it by meaning and by words, with the tools of the MCP server \`lantern\`:

- \`search_code\` finds where something is done when its name is not known. Ask in plain words, one question per call.
- \`find_related\` finds callers, tests, types and similar code of a place.
- Use grep for every occurrence of an exact text, for example before renaming or deleting: ranked answers are not complete.
`;

const begin = '<!-- lantern:begin, replaced by "lantern mcp install --project" up to lantern:end -->';
const end = '<!-- lantern:end -->';
const markers = /<!-- lantern:(begin|end)\b[^>]*-->/g;

export type GuideState =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly current: boolean }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** The section about Lantern in the AGENTS.md of a repository, which most agents read when they start there. */
export class ProjectGuide {
  /** Absolute path. */
  readonly file: string;
  readonly #receipt: ReceiptFile<TextChange>;

  constructor({ project, dataDir }: { readonly project: string; readonly dataDir: string }) {
    this.file = join(project, 'AGENTS.md');
    this.#receipt = new ReceiptFile(dataDir, this.file);
  }

  async state(): Promise<GuideState> {
    try {
      const { text = '' } = await readConfig(this.file);
      const section = this.#sectionIn(text);
      return section === undefined
        ? { kind: 'absent' }
        : { kind: 'present', current: section === sectionFor(text) };
    } catch (error) {
      return { kind: 'unreadable', reason: errorMessage(error) };
    }
  }

  /** Puts the section at the end, or replaces the one that is there. Everything else in the file stays. */
  async install(): Promise<'added' | 'changed' | 'unchanged'> {
    const file = await readConfig(this.file);
    const text = file.text ?? '';
    const present = this.#sectionIn(text);
    const section = sectionFor(text);
    if (present === section) return 'unchanged';
    if (present === undefined) {
      const after = text + gapAfter(text) + section + newlineOf(text);
      // Before the file, so that no file has a section that cannot be undone.
      await this.#receipt.write({
        ...changeBetween(text, after),
        file: this.file,
        existed: file.text !== undefined,
      });
      await writeConfig(file, after, 0o666);
      return 'added';
    }
    const receipt = await this.#receipt.read();
    if (receipt !== undefined) {
      await this.#receipt.write({ ...receipt, inserted: receipt.inserted.split(present).join(section) });
    }
    await writeConfig(file, text.split(present).join(section), 0o666);
    return 'changed';
  }

  /** Takes the section out. A file that `install` had made, and nothing else was added to, is gone then. */
  async uninstall(): Promise<'removed' | 'absent'> {
    const file = await readConfig(this.file);
    const { text = '' } = file;
    const section = this.#sectionIn(text);
    if (section === undefined) return 'absent';
    const receipt = await this.#receipt.read();
    const undone = receipt === undefined ? undefined : reverted(text, receipt);
    const before = undone ?? without(text, section);
    if (receipt?.existed === false && before.trim() === '') await removeConfig(file, undefined);
    else await writeConfig(file, before, 0o666);
    await this.#receipt.remove();
    return 'removed';
  }

  /** The section with its markers. Throws `bad-request` when the markers are not one pair. */
  #sectionIn(text: string): string | undefined {
    const found = [...text.matchAll(markers)];
    if (found.length === 0) return undefined;
    const [first, last] = found;
    if (found.length === 2 && first?.[1] === 'begin' && last?.[1] === 'end')
      return text.slice(first.index, last.index + last[0].length);
    throw new LanternError(
      'bad-request',
      `${this.file} does not have one “lantern:begin” with one “lantern:end” after it, so it is left as it is. Remove these lines, and what Lantern wrote between them, and try again.`,
    );
  }
}

const newlineOf = (text: string): string => (text.includes('\r\n') ? '\r\n' : '\n');

/** The section in the line ends of the text. */
const sectionFor = (text: string): string =>
  `${begin}\n\n${guideText}\n${end}`.replaceAll('\n', newlineOf(text));

/** What makes the end of a text a blank line; nothing where there is no text. */
function gapAfter(text: string): string {
  const newline = newlineOf(text);
  if (/^\ufeff?$/.test(text) || text.endsWith(newline + newline)) return '';
  return text.endsWith('\n') ? newline : newline + newline;
}

/** The text without a section, its line end and the blank line before it. */
function without(text: string, section: string): string {
  const at = text.indexOf(section);
  const rest = text.slice(at + section.length).replace(/^\r?\n/, '');
  return text.slice(0, at).replace(/(\r?\n)\r?\n$/, '$1') + rest;
}
