import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../../../shared/src/errors.js';
import { CannotBeHad, installOnce, type Say } from '../harness/cache.js';
import { makePackage, npm, runQuietly } from '../harness/npm.js';

const name = '@anthropic-ai/claude-code';

/** The last version that is a script (48 MB). Later ones are a program for each platform: that of 2.1.332 has 384 MB. */
const version = '2.1.112';

/** Messages of npm when the registry is not reached, or does not have the version. */
const notThere =
  /\b(E404|E403|ETARGET|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED)\b/;

/** Claude Code's script, installed from npm when it is not in the cache yet. */
export async function ensureClaudeCode(say: Say): Promise<string> {
  const folder = await installOnce(`claude-code-${version}`, say, async (partial) => {
    await makePackage(partial, { [name]: version });
    try {
      // What is optional is for pictures.
      await npm(partial, ['install', '--ignore-scripts', '--omit=optional']);
    } catch (error) {
      const reason = notThere.exec(errorMessage(error))?.[0];
      if (reason === undefined) throw error;
      throw new CannotBeHad(`npm cannot install ${name} ${version} here: ${reason}.`);
    }
  });
  return join(folder, 'node_modules', name, 'cli.js');
}

/** Claude Code of one user, whose model is at `endpoint`. */
export class ClaudeCode {
  readonly #script: string;
  readonly #home: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(script: string, home: string, env: Readonly<Record<string, string>>, endpoint: string) {
    this.#script = script;
    this.#home = home;
    this.#env = {
      ...env,
      ANTHROPIC_BASE_URL: endpoint,
      ANTHROPIC_API_KEY: 'none',
      // Neither updates nor telemetry: the scripted model is all that it reaches.
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
    };
  }

  /** What it prints to `args` in the folder `cwd`. */
  run(cwd: string, ...args: readonly string[]): Promise<string> {
    return runQuietly(process.execPath, [this.#script, ...args], cwd, this.#env);
  }

  /** Its own file of settings, in which the servers of the user are too. */
  settings(): Promise<string> {
    return readFile(join(this.#home, '.claude.json'), 'utf8');
  }
}
