import { LanternError } from '../errors.js';

/**
 * All settings of the daemon. The editor writes them to `settings.json` in the data folder; the daemon reads them
 * there.
 */
export interface Settings {
  readonly model: {
    /** Name on the Hub, or absolute path of a folder. The bundled model needs no network. */
    readonly name: string;
    /** Weights to load: `auto` is int8 on the CPU and fp32 on CoreML. */
    readonly dtype: 'auto' | 'int8' | 'fp32';
    /** Execution provider: `auto` is CoreML on Apple Silicon, otherwise the CPU. */
    readonly device: 'auto' | 'cpu' | 'coreml';
    /** Intra-op threads of a session; 0 chooses by the machine's cores. */
    readonly threads: number;
    /** Minutes without a lease after which the model is unloaded; 0 never. */
    readonly idleUnloadMinutes: number;
  };
  readonly index: {
    /** Files above this many bytes are not indexed. */
    readonly maxFileBytes: number;
    /** Patterns in .gitignore syntax, added to the rules of every folder. */
    readonly exclude: readonly string[];
    /** What gets a vector: files and chunks, or files only, a seventh of the work for nearly the same ranking. */
    readonly vectors: 'all' | 'files';
  };
  readonly chroma: {
    /** URL of a server to use; empty starts one. */
    readonly url: string;
    readonly tenant: string;
    readonly database: string;
    /** Sent as `x-chroma-token`; empty sends none. */
    readonly apiKey: string;
    /** Store source text in Chroma too. Off by default, because a local Chroma has no authentication. */
    readonly storeDocuments: boolean;
  };
  readonly sharedVectors: {
    /** URL of a Chroma server where a team shares the vectors that each has made; empty shares none. */
    readonly url: string;
    /** `readwrite` gives the team what is made here too. */
    readonly access: 'read' | 'readwrite';
    readonly tenant: string;
    readonly database: string;
    /** Sent as `x-chroma-token`; empty sends none. */
    readonly apiKey: string;
  };
  readonly daemon: {
    /** Minutes without activity after which the daemon exits; 0 never. */
    readonly idleExitMinutes: number;
    /** Resident memory of daemon and Chroma above which caches are freed, in MiB. */
    readonly memoryBudgetMiB: number;
  };
  readonly mcp: {
    /** Let agents search: over the bridge and over HTTP on the loopback address. */
    readonly enabled: boolean;
  };
}

/** The only table of defaults. */
export const defaultSettings: Settings = {
  model: { name: 'all-MiniLM-L6-v2', dtype: 'auto', device: 'auto', threads: 0, idleUnloadMinutes: 10 },
  index: { maxFileBytes: 1024 * 1024, exclude: [], vectors: 'all' },
  chroma: {
    url: '',
    tenant: 'default_tenant',
    database: 'default_database',
    apiKey: '',
    storeDocuments: false,
  },
  sharedVectors: {
    url: '',
    access: 'read',
    tenant: 'default_tenant',
    database: 'default_database',
    apiKey: '',
  },
  daemon: { idleExitMinutes: 30, memoryBudgetMiB: 1024 },
  mcp: { enabled: true },
};

/** Allowed values of the settings that have only a few. */
const choices: Readonly<Record<string, readonly string[]>> = {
  'model.dtype': ['auto', 'int8', 'fp32'] satisfies Settings['model']['dtype'][],
  'index.vectors': ['all', 'files'] satisfies Settings['index']['vectors'][],
  'sharedVectors.access': ['read', 'readwrite'] satisfies Settings['sharedVectors']['access'][],
  'model.device': ['auto', 'cpu', 'coreml'] satisfies Settings['model']['device'][],
};

export type PartialSettings = { readonly [Group in keyof Settings]?: Partial<Settings[Group]> };

/** Merges the user's settings with the defaults. Unknown names are ignored; an invalid value is an error. */
export function mergeSettings(chosen: unknown, source: string): Settings {
  const groups = Object.entries<object>({ ...defaultSettings }).map(
    ([group, defaults]): [string, unknown] => {
      const given = asObject(chosen, source)[group] ?? {};
      const values = Object.entries<unknown>({ ...defaults }).map(([name, value]): [string, unknown] => {
        const own = asObject(given, `${source}: "${group}"`)[name];
        if (own !== undefined && !sameType(own, value)) {
          const expected = Array.isArray(value) ? 'a list of texts' : `a ${typeof value}`;
          throw new LanternError('bad-request', `${source}: "${group}.${name}" must be ${expected}.`);
        }
        const allowed = choices[`${group}.${name}`];
        if (typeof own === 'string' && allowed?.includes(own) === false) {
          const list = allowed.join(', ');
          throw new LanternError('bad-request', `${source}: "${group}.${name}" must be one of ${list}.`);
        }
        return [name, own ?? value];
      });
      return [group, Object.fromEntries(values)];
    },
  );
  return Object.fromEntries(groups) as unknown as Settings;
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new LanternError('bad-request', `${what} must be an object.`);
}

function sameType(own: unknown, value: unknown): boolean {
  if (Array.isArray(value)) return Array.isArray(own) && own.every((one) => typeof one === 'string');
  return typeof own === typeof value && (typeof own !== 'number' || (Number.isFinite(own) && own >= 0));
}
