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
 * What the rules say of one path. `wanted`: the user's own settings or a `.lanternignore` ask for it by a negated
 * pattern, which the built-in excludes heed too; `kept`: a git rule re-includes it; `unmatched`: no rule speaks of it.
 */
export type Verdict = 'ignored' | 'wanted' | 'kept' | 'unmatched';

/** Rule files of one directory, as its listing shows them; a link is none, as for git. */
export interface RuleFiles {
  readonly gitignore: boolean;
  readonly lanternignore: boolean;
  /** Something is called `.git` here. */
  readonly git: boolean;
}

/** Who wrote a rule. A lower rank decides first: git's own order, under the user's word and `.lanternignore`. */
const rank = { user: 0, lantern: 1, gitignore: 2, infoExclude: 3, global: 4 } as const;
type Rank = (typeof rank)[keyof typeof rank];

/** Paths whose answers one set remembers before it starts anew; the library under it remembers every path for good. */
const rememberedPaths = 20_000;

/** The patterns of one source, in the order written. */
class RuleSet {
  readonly #patterns: readonly string[];
  readonly #ignoreCase: boolean;
  /** First path segments that the patterns with inner slashes name; `undefined` when one of them begins with a glob. */
  readonly #anchors: ReadonlySet<string> | undefined;
  /** No pattern names more than one path segment, so the name decides alone, and parents need not be asked. */
  readonly nameOnly: boolean;
  #matcher: ignore.Ignore | undefined;
  #asked = 0;
  #floating: RuleSet | undefined;

  constructor(patterns: readonly string[], ignoreCase: boolean) {
    this.#patterns = patterns;
    this.#ignoreCase = ignoreCase;
    const anchored = patterns.filter(isAnchored);
    this.nameOnly = anchored.length === 0;
    const anchors = anchored.map((pattern) => /^!?\/?([^!/\\*?[][^/\\*?[]*)(\/|\s*$)/.exec(pattern)?.[1]);
    this.#anchors = anchors.includes(undefined)
      ? undefined
      : new Set(anchors.map((name) => this.#fold(name ?? '')));
  }

  /** `undefined` when the text holds no rule. */
  static parse(text: string | undefined, ignoreCase: boolean): RuleSet | undefined {
    if (text === undefined) return undefined;
    const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
    const rules = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
    // `**/name` says no more than `name`, which is faster to decide.
    const patterns = rules.map((rule) => rule.replace(/^(!?)\*\*\/(?=[^/!#\s][^/]*\/?\s*$)/, '$1'));
    return rules.length === 0 ? undefined : new RuleSet(patterns, ignoreCase);
  }

  /** `path` is relative to where the rules stand; a directory's ends in `/`. */
  test(path: string): Pick<ignore.TestResult, 'ignored' | 'unignored'> {
    if (this.#patterns.length === 0) return unmatched;
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

  /** What can match below the directory `name` beside the rules: mostly the patterns without a place, shared by all. */
  below(name: string): RuleSet {
    if (this.nameOnly || this.#anchors?.has(this.#fold(name)) !== false) return this;
    this.#floating ??= new RuleSet(
      this.#patterns.filter((pattern) => !isAnchored(pattern)),
      this.#ignoreCase,
    );
    return this.#floating;
  }

  #fold(name: string): string {
    return this.#ignoreCase ? name.toLowerCase() : name;
  }
}

const unmatched = { ignored: false, unignored: false };

/** Whether a pattern has a slash before its end, and so stands for a path rather than a name. */
function isAnchored(pattern: string): boolean {
  return /\/\s*\S/.test(pattern);
}

/** A rule set and where it stands in relation to the walked root. */
interface Layer {
  readonly rank: Rank;
  readonly set: RuleSet;
  /** Directory of the rules inside the root, `''` or ending in `/`: cut off before matching. */
  readonly base: string;
  /** Path from the rules down to the root when they stand above it, `''` or ending in `/`: put in front. */
  readonly lead: string;
}

/** All the rules that hold inside one directory. Immutable: a directory without rules of its own shares its parent's. */
export class Rules {
  readonly #layers: readonly Layer[];
  readonly #ignoreCase: boolean;
  /** Some .gitignore speaks for this directory, so what it leaves out is there on purpose. */
  readonly hasGitignore: boolean;

  private constructor(layers: readonly Layer[], ignoreCase: boolean) {
    this.#layers = layers;
    this.#ignoreCase = ignoreCase;
    this.hasGitignore = layers.some((layer) => layer.rank === rank.gitignore);
  }

  /** The rules that hold for `root` (absolute, real) from outside of it: settings, and a repository around it. */
  static around(root: string, exclude: readonly string[], environment: Environment): Rules {
    const repository = repositoryAround(root);
    // Where there is no repository to say, the platform's usual file system decides.
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

  /** What is to become of `path` (relative to the root, with `/`), whose last segment is `name`. */
  decide(path: string, name: string, isDirectory: boolean): Verdict {
    for (const layer of this.#layers) {
      const result = layer.set.test(pathFor(layer, path, name, isDirectory));
      if (result.ignored) return 'ignored';
      if (result.unignored) return layer.rank <= rank.lantern ? 'wanted' : 'kept';
    }
    return 'unmatched';
  }

  /**
   * The rules inside `directory` (relative to the root, `''` or ending in `/`), which `decide` called `verdict`.
   * `absolute` is the same directory for the file system.
   */
  enter(directory: string, absolute: string, verdict: Verdict, files: RuleFiles): Rules {
    let layers = this.#layers;
    let ignoreCase = this.#ignoreCase;
    if (verdict === 'wanted' || verdict === 'kept') {
      // A weaker rule that ignores this directory would, asked about what is in it, still answer with the directory.
      layers = layers.map((layer) => reincluded(layer, directory));
    }
    const narrowed = layers.map((layer) => below(layer, directory));
    if (narrowed.some((layer, i) => layer !== layers[i])) layers = narrowed;
    const nested = files.git && directory !== '' ? repositoryAt(absolute) : undefined;
    if (nested) {
      // Another repository: the outer one's rules end here, the user's own do not.
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

/** Leaves out what cannot match in `directory`, when the rules stand in its parent. */
function below(layer: Layer, directory: string): Layer {
  const path = directory.slice(layer.base.length);
  if (layer.lead !== '' || path === '' || path.indexOf('/') < path.length - 1) return layer;
  const set = layer.set.below(path.slice(0, -1));
  return set === layer.set ? layer : { ...layer, set };
}

/** Whoever names an ignored folder wants to see into it: rules from above never ignore the root or what holds it. */
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

/** Keeps the order of layers of one rank, in which the deeper one comes first. */
function byRank(layers: readonly Layer[]): Layer[] {
  return [...layers].sort((a, b) => a.rank - b.rank);
}

/** `''` or the path from `above` down to `root`, with `/` inside and at the end. */
function leadTo(root: string, above: string): string {
  const path = relative(above, root).split(sep).join('/');
  return path === '' ? '' : `${path}/`;
}
