import { dirname, join, relative, sep } from 'node:path';
import ignore from 'ignore';
import { readSmallFile } from './disk.js';
import {
  type Environment,
  type Repository,
  globalExcludes,
  repositoryAround,
  repositoryAt,
} from './gitSettings.js';

/**
 * What the rules say about a path. `wanted`: a negated pattern of the user's settings or of a `.lanternignore`
 * includes it, also against the built-in excludes. `kept`: a git rule includes it again. `unmatched`: no rule matches
 * it.
 */
export type Verdict = 'ignored' | 'wanted' | 'kept' | 'unmatched';

/** Rule files in one directory, by its listing. A link is not a rule file, as in git. */
export interface RuleFiles {
  readonly gitignore: boolean;
  readonly lanternignore: boolean;
  /** There is an entry `.git`. */
  readonly git: boolean;
}

/** Origin of a rule. A lower rank decides first: git's own order, below the user's settings and `.lanternignore`. */
const rank = { user: 0, lantern: 1, gitignore: 2, infoExclude: 3, global: 4 } as const;
type Rank = (typeof rank)[keyof typeof rank];

/** Longer patterns match no path that a system allows, and are too large for a regular expression. */
const longestPattern = 4096;

/**
 * Most ways to spread the `**` of a pattern over the segments of a path that are tried. The library's regular expressions
 * try them all, at some millions a second.
 */
const mostWays = 100_000;

/** Paths that one rule set caches before it starts over. The library below would cache every path forever. */
const rememberedPaths = 20_000;

/** The patterns of one source, in their order. */
class RuleSet {
  readonly #patterns: readonly string[];
  readonly #ignoreCase: boolean;
  /** First path segments of the patterns with inner slashes; `undefined` when one of them begins with a glob. */
  readonly #anchors: ReadonlySet<string> | undefined;
  /** No pattern has more than one path segment, so the name alone decides, and parents need not be checked. */
  readonly nameOnly: boolean;
  /** Most segments of a path that all patterns are matched with; below it those with fewer `**` decide. */
  readonly #mostSegments: number;
  #matcher: ignore.Ignore | undefined;
  #asked = 0;
  #floating: RuleSet | undefined;
  #shallow: RuleSet | undefined;

  constructor(patterns: readonly string[], ignoreCase: boolean) {
    this.#patterns = patterns;
    this.#ignoreCase = ignoreCase;
    this.#mostSegments = mostWays ** (1 / Math.max(1, ...patterns.map(deepWildcards)));
    const anchored = patterns.filter(isAnchored);
    this.nameOnly = anchored.length === 0;
    const anchors = anchored.map((pattern) => /^!?\/?([^!/\\*?[][^/\\*?[]*)(\/|\s*$)/.exec(pattern)?.[1]);
    this.#anchors = anchors.includes(undefined)
      ? undefined
      : new Set(anchors.map((name) => this.#fold(name ?? '')));
  }

  /** `undefined` when the text has no rule. */
  static parse(text: string | undefined, ignoreCase: boolean): RuleSet | undefined {
    if (text === undefined) return undefined;
    const lines = `${text.replace(/^\uFEFF/, '')}\n`.split(/\r?\n/);
    const rules = lines.filter(
      (line) =>
        line.length <= longestPattern &&
        line.trim() !== '' &&
        !line.startsWith('#') &&
        // Of two carriage returns at its end git removes one; the library removes both, and another file matches.
        !line.endsWith('\r'),
    );
    // `**/name` means the same as `name`, which is faster to match.
    const patterns = rules.map((rule) => rule.replace(/^(!?)\*\*\/(?=[^/!#\s][^/]*\/?\s*$)/, '$1'));
    return rules.length === 0 ? undefined : new RuleSet(patterns, ignoreCase);
  }

  /** `path` is relative to the rules' directory. That of a directory ends in `/`. */
  test(path: string): Pick<ignore.TestResult, 'ignored' | 'unignored'> {
    if (this.#patterns.length === 0) return unmatched;
    if (path.length > this.#mostSegments && segmentsOf(path) > this.#mostSegments)
      return this.#forDeepPaths().test(path);
    if (this.#matcher === undefined || ++this.#asked > rememberedPaths) {
      this.#asked = 0;
      this.#matcher = ignore({ ignoreCase: this.#ignoreCase }).add(this.#patterns);
    }
    return this.#matcher.test(path);
  }

  /** The same rules, but `directory` (ending in `/`) itself is not ignored. */
  reincluding(directory: string): RuleSet {
    return new RuleSet([...this.#patterns, `!/${directory.replace(/[\\*?[\]]/g, '\\$&')}`], this.#ignoreCase);
  }

  /**
   * The rules that can match below the directory `name` next to the rules: mostly those without a path, which all
   * share.
   */
  below(name: string): RuleSet {
    if (this.nameOnly || this.#anchors?.has(this.#fold(name)) !== false) return this;
    this.#floating ??= new RuleSet(
      this.#patterns.filter((pattern) => !isAnchored(pattern)),
      this.#ignoreCase,
    );
    return this.#floating;
  }

  /** The patterns that any path can be matched with in no time. */
  #forDeepPaths(): RuleSet {
    const few = this.#patterns.filter((pattern) => deepWildcards(pattern) < 2);
    return (this.#shallow ??= new RuleSet(few, this.#ignoreCase));
  }

  #fold(name: string): string {
    return this.#ignoreCase ? name.toLowerCase() : name;
  }
}

const unmatched = { ignored: false, unignored: false };

/** Number of segments `**` of a pattern. */
const deepWildcards = (pattern: string): number => pattern.match(/(?<![^!/])\*{2,}(?![^/])/g)?.length ?? 0;

const segmentsOf = (path: string): number => path.split('/').length;

/** Whether a pattern has a slash before its end. It then matches a path, not a name. */
function isAnchored(pattern: string): boolean {
  return /\/\s*\S/.test(pattern);
}

/** A rule set, and its place relative to the walked root. */
interface Layer {
  readonly rank: Rank;
  readonly set: RuleSet;
  /** Directory of the rules inside the root, `''` or ending in `/`. It is removed from a path before matching. */
  readonly base: string;
  /** Path from the rules down to the root when they are above it, `''` or ending in `/`. It is prepended to a path. */
  readonly lead: string;
}

/**
 * All rules that apply inside one directory. Immutable: a directory without rules of its own shares those of its
 * parent.
 */
export class Rules {
  readonly #layers: readonly Layer[];
  readonly #ignoreCase: boolean;
  /** Whether a .gitignore applies to this directory, so that whatever it does not ignore is there on purpose. */
  readonly hasGitignore: boolean;

  private constructor(layers: readonly Layer[], ignoreCase: boolean) {
    this.#layers = layers;
    this.#ignoreCase = ignoreCase;
    this.hasGitignore = layers.some((layer) => layer.rank === rank.gitignore);
  }

  /** The rules from outside of `root` (absolute, real) that apply to it: settings, and a repository around it. */
  static around(root: string, exclude: readonly string[], environment: Environment): Rules {
    const repository = repositoryAround(root);
    // Without a repository, the platform's usual file system decides about case.
    const ignoreCase =
      repository?.config.ignoreCase ??
      (!repository && (process.platform === 'win32' || process.platform === 'darwin'));
    const lead = repository ? leadTo(root, repository.workTree) : '';
    const layers: Layer[] = [];
    const add = (kind: Rank, text: string | undefined, above: string): void => {
      const set = RuleSet.parse(text, ignoreCase);
      if (set) layers.push(visibleRoot({ rank: kind, set, base: '', lead: above }));
    };
    add(rank.user, exclude.join('\n'), '');
    for (let folder = root; repository && folder !== repository.workTree;) {
      folder = dirname(folder);
      add(rank.lantern, readSmallFile(join(folder, '.lanternignore')), leadTo(root, folder));
      add(rank.gitignore, readSmallFile(join(folder, '.gitignore')), leadTo(root, folder));
    }
    add(rank.infoExclude, repository?.infoExclude, lead);
    add(rank.global, globalExcludes(repository, environment), lead);
    return new Rules(byRank(layers), ignoreCase);
  }

  /** Decides about `path` (relative to the root, with `/`), whose last segment is `name`. */
  decide(path: string, name: string, isDirectory: boolean): Verdict {
    for (const layer of this.#layers) {
      const result = layer.set.test(pathFor(layer, path, name, isDirectory));
      if (result.ignored) return 'ignored';
      if (result.unignored) return layer.rank <= rank.lantern ? 'wanted' : 'kept';
    }
    return 'unmatched';
  }

  /**
   * The rules inside `directory` (relative to the root, `''` or ending in `/`), for which `decide` gave `verdict`.
   * `absolute` is the same directory for the file system.
   */
  enter(directory: string, absolute: string, verdict: Verdict, files: RuleFiles): Rules {
    let layers = this.#layers;
    let ignoreCase = this.#ignoreCase;
    if (verdict === 'wanted' || verdict === 'kept') {
      // A rule of lower priority that ignores this directory would still match everything in it.
      layers = layers.map((layer) => reincluded(layer, directory));
    }
    const narrowed = layers.map((layer) => below(layer, directory));
    if (narrowed.some((layer, i) => layer !== layers[i])) layers = narrowed;
    const nested = files.git && directory !== '' ? repositoryAt(absolute) : undefined;
    if (nested) {
      // Another repository begins here. The outer one's rules end, the user's own do not.
      layers = layers
        .filter((layer) => layer.rank !== rank.gitignore && layer.rank !== rank.infoExclude)
        .map((layer) => (layer.rank === rank.global ? { ...layer, base: directory, lead: '' } : layer));
      ignoreCase = nested.config.ignoreCase ?? false;
    }
    const added = this.#ownRules(directory, absolute, ignoreCase, files, nested);
    if (layers === this.#layers && added.length === 0) return this;
    return new Rules(byRank([...added, ...layers]), ignoreCase);
  }

  #ownRules(
    base: string,
    absolute: string,
    ignoreCase: boolean,
    files: RuleFiles,
    nested: Repository | undefined,
  ): Layer[] {
    const layers: Layer[] = [];
    const add = (kind: Rank, text: string | undefined): void => {
      const set = RuleSet.parse(text, ignoreCase);
      if (set) layers.push({ rank: kind, set, base, lead: '' });
    };
    if (files.lanternignore) add(rank.lantern, readSmallFile(join(absolute, '.lanternignore')));
    if (files.gitignore) add(rank.gitignore, readSmallFile(join(absolute, '.gitignore')));
    add(rank.infoExclude, nested?.infoExclude);
    return layers;
  }
}

function pathFor(layer: Layer, path: string, name: string, isDirectory: boolean): string {
  const relevant = layer.set.nameOnly ? name : layer.lead + path.slice(layer.base.length);
  return isDirectory ? `${relevant}/` : relevant;
}

function reincluded(layer: Layer, directory: string): Layer {
  if (layer.set.nameOnly) return layer;
  const path = layer.lead + directory.slice(layer.base.length);
  return layer.set.test(path).ignored ? { ...layer, set: layer.set.reincluding(path) } : layer;
}

/** Drops rules that cannot match in `directory`, when they are from its parent. */
function below(layer: Layer, directory: string): Layer {
  const path = directory.slice(layer.base.length);
  if (layer.lead !== '' || path === '' || path.indexOf('/') < path.length - 1) return layer;
  const set = layer.set.below(path.slice(0, -1));
  return set === layer.set ? layer : { ...layer, set };
}

/** A user who names an ignored folder wants it indexed: rules from above never ignore the root or its parents. */
function visibleRoot(layer: Layer): Layer {
  let visible = layer;
  for (let slash = layer.lead.indexOf('/'); slash >= 0; slash = layer.lead.indexOf('/', slash + 1)) {
    const folder = layer.lead.slice(0, slash + 1);
    if (!visible.set.nameOnly && visible.set.test(folder).ignored) {
      visible = { ...visible, set: visible.set.reincluding(folder) };
    }
  }
  return visible;
}

/** Keeps the order of layers of the same rank, where the deeper one comes first. */
function byRank(layers: readonly Layer[]): Layer[] {
  return [...layers].sort((a, b) => a.rank - b.rank);
}

/** The path from `above` down to `root`, with `/` inside and at the end; `''` when they are equal. */
function leadTo(root: string, above: string): string {
  const path = relative(above, root).split(sep).join('/');
  return path === '' ? '' : `${path}/`;
}
