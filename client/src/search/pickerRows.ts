import * as vscode from 'vscode';
import { weakFrom } from '../../../shared/src/matches.js';
import type { FolderGroup, SearchHit } from '../../../shared/src/protocol/protocol.js';
import type { Place } from '../places.js';
import { type FilterHint, complete, everyFolder } from './filters.js';
import { uriOf } from './preview.js';
import { asText, keyOf, referenceTo, textsOf, wrapped } from './rows.js';

/** What the picker shows instead of hits, and what the user can do about it. */
export interface Obstacle {
  readonly text: string;
  readonly detail: string;
  readonly command?: vscode.Command;
}

export interface RowAction {
  readonly kind: 'aside' | 'related' | 'copy' | 'forget';
  readonly button: vscode.QuickInputButton;
  /** The text to copy or to remove. */
  readonly text: string;
}

/** A row: a hit, a query to continue with, or a note with an action. */
export interface Row extends vscode.QuickPickItem {
  /** Equal for rows that mean the same. */
  readonly key: string;
  readonly hit?: SearchHit;
  /** A query that replaces the typed one. */
  readonly value?: string;
  readonly command?: vscode.Command;
  readonly actions?: readonly RowAction[];
}

const icon = (id: string): vscode.ThemeIcon => new vscode.ThemeIcon(id);

function hitRow(hit: SearchHit, folder: string | undefined): Row {
  const { label, description } = textsOf(hit, folder);
  const actions: RowAction[] = [
    {
      kind: 'aside',
      button: { iconPath: icon('split-horizontal'), tooltip: 'Open to the Side (Ctrl+Enter)' },
      text: '',
    },
    { kind: 'related', button: { iconPath: icon('references'), tooltip: 'Find Related Code' }, text: '' },
    {
      kind: 'copy',
      button: { iconPath: icon('copy'), tooltip: 'Copy as Reference' },
      text: referenceTo(hit),
    },
  ];
  // With a resource URI the editor shows the theme's icon for the language. Older editors show a plain file.
  const language = { iconPath: vscode.ThemeIcon.File, resourceUri: uriOf(hit) };
  const detail = hit.symbol === null ? undefined : asText(hit.line.text.slice(0, 160));
  return {
    key: keyOf(hit),
    hit,
    label,
    description,
    ...(detail !== undefined && { detail }),
    ...language,
    alwaysShow: true,
    actions,
    buttons: actions.map(({ button }) => button),
  };
}

/** Rows of hits, with what is to be said before those that match weakly. */
export function hitRows(hits: readonly SearchHit[], folderOf: (hit: SearchHit) => string | undefined): Row[] {
  const rows = hits.map((hit) => hitRow(hit, folderOf(hit)));
  const weak = weakFrom(hits);
  if (weak === hits.length) return rows;
  const before = weak === 0 ? noteRow(nothingFits) : weakLine;
  return [...rows.slice(0, weak), before, ...rows.slice(weak)];
}

const nothingFits: Obstacle = {
  text: 'Nothing here matches well',
  detail: 'Try the words that the code itself would use, or a name. What follows is only the nearest.',
};

const weakLine: Row = {
  key: 'weaker matches',
  label: 'weaker matches',
  kind: vscode.QuickPickItemKind.Separator,
};

export function recentRow(query: string): Row {
  const actions: RowAction[] = [
    {
      kind: 'forget',
      button: { iconPath: icon('close'), tooltip: 'Remove From Recent Searches' },
      text: query,
    },
  ];
  return {
    key: `recent ${query}`,
    value: query,
    label: asText(query),
    iconPath: icon('history'),
    alwaysShow: true,
    actions,
    buttons: actions.map(({ button }) => button),
  };
}

export function noteRow({ text, detail, command }: Obstacle): Row {
  return {
    key: `note ${text} ${detail}`,
    label: text,
    detail,
    iconPath: icon(command === undefined ? 'info' : 'arrow-right'),
    alwaysShow: true,
    ...(command && { command }),
  };
}

/** A failure with its whole reason. A row shows one line, and what to do is at the end of the reason. */
export function failureRows(text: string, reason: string, command: vscode.Command): Row[] {
  const [first = '', ...rest] = wrapped(reason);
  const note = noteRow({ text, detail: first, command });
  return [
    note,
    ...rest.map((line): Row => ({ key: `reason ${line}`, label: line, alwaysShow: true, command })),
  ];
}

/** Completions for the filter that is being typed. */
export function hintRows(hint: FilterHint, folders: readonly Place[], groups: readonly FolderGroup[]): Row[] {
  const typed = hint.value.toLowerCase();
  const values = valuesFor(hint, folders, groups).filter(({ name, also }) =>
    [name, ...also].some((one) => one.toLowerCase().startsWith(typed)),
  );
  // There is nothing to complete when the value is already one of them.
  if (values.some(({ name, also }) => [name, ...also].some((one) => one.toLowerCase() === typed))) return [];
  return values.slice(0, 20).map(({ name, what }) => ({
    key: `hint ${hint.name}:${name}`,
    label: `${hint.name}:${name}`,
    description: what,
    value: complete(hint, name),
    iconPath: icon('filter'),
    alwaysShow: true,
  }));
}

interface HintValue {
  readonly name: string;
  readonly also: readonly string[];
  readonly what: string;
}

const languages: readonly HintValue[] = (
  'typescript ts tsx|javascript js jsx|python py|go golang|rust rs|java|kotlin kt|c h|cpp c++ cc hpp|csharp cs c#|' +
  'ruby rb|php|scala|elixir ex|haskell hs|lua|zig|bash sh|sql|html|css|json|yaml yml|toml|markdown md'
)
  .split('|')
  .map((line) => {
    const [name = '', ...also] = line.split(' ');
    return { name, also, what: also.length === 0 ? '' : `also ${also.join(', ')}` };
  });

function valuesFor(
  { name }: FilterHint,
  folders: readonly Place[],
  groups: readonly FolderGroup[],
): readonly HintValue[] {
  switch (name) {
    case 'lang':
      return languages;
    case 'in':
      return folders.map((folder) => ({ name: folder.name, also: [], what: folder.path }));
    case 'group':
      return [
        { name: everyFolder, also: [], what: 'all indexed folders' },
        ...groups.map((group) => ({ name: group.name, also: [], what: group.folders.join(', ') })),
      ];
    case 'path':
      return [
        { name: 'src/**', also: [], what: 'all below src' },
        { name: '**/*.test.*', also: [], what: 'files whose names say that they are tests' },
        { name: '*.md', also: [], what: 'by ending, in any folder' },
      ];
  }
}
