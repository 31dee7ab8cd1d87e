import { LanternError, errorMessage } from '../errors.js';
import type { Agent, Entry } from './agent.js';
import { type TextChange, changeBetween, reverted } from './receipt.js';
import { json } from './syntax/json.js';
import type { Root, Syntax } from './syntax/syntax.js';
import { toml } from './syntax/toml.js';
import { yaml } from './syntax/yaml.js';

/** Name of the server in every agent. */
export const serverName = 'lantern';

const syntaxes: Readonly<Record<Agent['syntax'], Syntax>> = { json, toml, yaml };

/** What was changed, and whether the key of the servers was made with it. */
export interface Addition extends TextChange {
  readonly madeServers: boolean;
}

/** Adds Lantern's server to the text of an agent's configuration, and takes it out again. */
export class ConfigText {
  readonly #syntax: Syntax;
  readonly #servers: string;
  readonly #file: string;

  constructor({ syntax, servers }: Pick<Agent, 'syntax' | 'servers'>, file: string) {
    this.#syntax = syntaxes[syntax];
    this.#servers = servers;
    this.#file = file;
  }

  /** The entry of Lantern's server. Throws `bad-request` when the text is not understood. */
  entryIn(text: string): unknown {
    return this.#serversIn(this.#parse(text))?.[serverName];
  }

  /** The text with the entry, of which it must have none. */
  add(text: string, entry: Entry): { readonly text: string; readonly addition: Addition } {
    const root = this.#parse(text);
    const servers = this.#serversIn(root);
    const expected = { ...root, [this.#servers]: { ...servers, [serverName]: entry } };
    const after = this.#checked(() => this.#syntax.add(text, this.#servers, serverName, entry), [expected]);
    return {
      text: after,
      addition: { ...changeBetween(text, after), madeServers: servers === undefined },
    };
  }

  /**
   * The text without the entry. `addition` is what `add` had done to it: while that part of the text is as it was
   * written, the rest is exactly what it was before.
   */
  remove(text: string, addition: Addition | undefined): string {
    const root = this.#parse(text);
    const others = withoutKey(this.#serversIn(root) ?? {}, serverName);
    const without = { ...root, [this.#servers]: others };
    const rest = withoutKey(root, this.#servers);
    const empty = Object.keys(others).length === 0;
    const restored = addition === undefined ? undefined : reverted(text, addition);
    if (restored !== undefined && this.#equals(restored, empty ? [without, rest] : [without]))
      return restored;
    const whole = empty && addition?.madeServers === true;
    const path = whole ? [this.#servers] : [this.#servers, serverName];
    return this.#checked(() => this.#syntax.remove(text, path), empty ? [without, rest] : [without]);
  }

  /** Whether a text says nothing: no value and no comment. */
  isBlank(text: string): boolean {
    return /^\ufeff?\s*(\{\s*\})?\s*$/.test(text);
  }

  #parse(text: string): Root {
    let value: unknown;
    try {
      value = this.#syntax.parse(text);
    } catch (error) {
      const [reason] = errorMessage(error).split('\n');
      throw this.#refusal(`is not valid ${this.#syntax.title} (${reason ?? ''})`, error);
    }
    if (isObject(value)) return value;
    throw this.#refusal(`is not an object in ${this.#syntax.title}`);
  }

  #serversIn(root: Root): Root | undefined {
    const servers = root[this.#servers];
    if (servers === undefined || isObject(servers)) return servers;
    throw this.#refusal(`has a “${this.#servers}” that is not an object`);
  }

  /** The result of an edit if it has one of the values, so that an unusual file is never damaged. */
  #checked(edit: () => string, expected: readonly Root[]): string {
    let cause: unknown;
    try {
      const text = edit();
      if (this.#equals(text, expected)) return text;
    } catch (error) {
      cause = error;
    }
    throw this.#refusal('is written in a way that Lantern cannot edit safely', cause);
  }

  #equals(text: string, expected: readonly Root[]): boolean {
    try {
      const value = canonical(this.#syntax.parse(text));
      return expected.some((one) => canonical(one) === value);
    } catch {
      return false;
    }
  }

  #refusal(what: string, cause?: unknown): LanternError {
    return new LanternError(
      'bad-request',
      `${this.#file} ${what}, so it is left as it is. Correct it and try again, or edit the server “${serverName}” by hand: “lantern mcp config --client NAME” prints it.`,
      { cause },
    );
  }
}

const withoutKey = (object: Root, key: string): Root =>
  Object.fromEntries(Object.entries(object).filter(([one]) => one !== key));

/** Equal for equal values. The order of keys does not count, nor do prototypes. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one === 'bigint') return `${one}n`;
    if (!isObject(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

export function isObject(value: unknown): value is Root {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
