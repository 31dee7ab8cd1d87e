/** In place of a group's name: all indexed folders. */
export const everyFolder = '*';

/** A typed query, split into what to search for and where. */
export interface FilteredQuery {
  readonly text: string;
  readonly language?: string;
  /** Glob over relative paths. */
  readonly glob?: string;
  /** Name or path of a workspace folder, or of a folder in one. */
  readonly folder?: string;
  /** Name of a group of folders, which may be elsewhere; `*` for all indexed folders. */
  readonly group?: string;
}

/** The filter that is being typed at the end of the query. */
export interface FilterHint {
  readonly name: FilterName;
  readonly value: string;
  /** The query up to the filter. */
  readonly before: string;
}

export type FilterName = 'lang' | 'path' | 'in' | 'group';

/** `name:value` or `name:"value with spaces"`, at the start of a word. */
const filter = /(?<=^|\s)(lang|path|in|group):(?:"([^"]*)"?|(\S+))(?=\s|$)/g;

/** Removes the filters from a query. Of two with the same name the later one counts. */
export function parseFilters(typed: string): FilteredQuery {
  const found: Partial<Record<FilterName, string>> = {};
  const rest = typed.replace(filter, (_, name: FilterName, quoted?: string, bare?: string) => {
    const value = (quoted ?? bare ?? '').trim();
    if (value !== '') found[name] = value;
    return ' ';
  });
  // A filter without a value is still being typed.
  const text = rest
    .replace(/(?<=^|\s)(?:lang|path|in|group):(?=\s|$)/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  const { lang, path, in: folder, group } = found;
  return {
    text,
    ...(lang !== undefined && { language: lang }),
    ...(path !== undefined && { glob: globOf(path) }),
    ...(folder !== undefined && { folder }),
    ...(group !== undefined && { group }),
  };
}

/** What a search request says of a group. */
export function groupParams(group: string | undefined): { readonly all?: true; readonly group?: string } {
  if (group === undefined) return {};
  return group === everyFolder ? { all: true } : { group };
}

/** `src` and `src/` mean everything below. A name with a dot or a star is used as it is. */
function globOf(path: string): string {
  if (/[*?[{]/.test(path)) return path;
  if (path.endsWith('/')) return `${path}**`;
  return /\.[^/]+$/.test(path) ? path : `{${path},${path}/**,**/${path}/**}`;
}

/** The filter at the end of the query, for which completions can be shown. */
export function hintFor(typed: string): FilterHint | undefined {
  const match = /(?<=^|\s)(lang|path|in|group):(?:"([^"]*)|([^\s"]*))$/.exec(typed);
  if (match === null) return undefined;
  return {
    name: match[1] as FilterName,
    value: match[2] ?? match[3] ?? '',
    before: typed.slice(0, match.index),
  };
}

/** The query with the completed filter, ready for further typing. */
export function complete({ before, name }: FilterHint, value: string): string {
  return `${before}${name}:${/\s/.test(value) ? `"${value}"` : value} `;
}
