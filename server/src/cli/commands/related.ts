import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { contains } from '../../../../shared/src/contains.js';
import { LanternError } from '../../../../shared/src/errors.js';
import type { Relation, SearchHit } from '../../../../shared/src/protocol/protocol.js';
import { pathWithoutLinks } from '../../../../shared/src/pathWithoutLinks.js';
import { formatAnswer } from '../hits.js';
import { type Values, limitOf } from '../options.js';
import { withDaemon } from '../session.js';
import { show, terminal } from '../terminal.js';

/** Relations as the command line names them. */
const relations: Readonly<Record<string, Relation>> = {
  calls: 'calls',
  'called-by': 'calledBy',
  tests: 'tests',
  type: 'definesTypeOf',
  similar: 'similar',
};

const reasons: Readonly<Record<Relation, string>> = {
  calls: 'is called by it',
  calledBy: 'calls it',
  tests: 'tests it',
  definesTypeOf: 'defines a type of it',
  similar: 'is similar',
};

/** `lantern related PATH:LINE`. */
export async function relatedCommand(positionals: readonly string[], values: Values): Promise<number> {
  const [, path = '', line = ''] = /^(.+):(\d+)$/.exec(positionals.join(' ')) ?? [];
  if (path === '') throw new LanternError('bad-request', 'Say which place: lantern related src/cart.ts:12');
  const { relation: named } = values;
  const relation = named === undefined ? undefined : relations[named];
  if (named !== undefined && relation === undefined) {
    const known = Object.keys(relations).join(', ');
    throw new LanternError('bad-request', `--relation takes one of ${known}, not "${named}".`);
  }
  if (values.steps !== undefined && values.steps !== '1' && values.steps !== '2')
    throw new LanternError('bad-request', `--steps takes 1 or 2, not "${values.steps}".`);
  const limit = limitOf(values);
  // The index has a file under its real path, whatever link was used.
  if (!existsSync(path)) throw new LanternError('not-found', `There is no file ${resolve(path)}.`);
  const file = pathWithoutLinks(resolve(path));
  return withDaemon(async (daemon, signal) => {
    const { folders } = await daemon.request('lantern/status', {}, signal);
    const folder = folders.map((one) => one.path).find((one) => contains(one, file));
    if (folder === undefined) {
      const above = dirname(file);
      throw new LanternError(
        'not-found',
        `No indexed folder holds ${file}. Index one first: lantern index "${above}".`,
      );
    }
    const result = await daemon.request(
      'lantern/findRelated',
      {
        path: folder,
        file,
        line: Number(line),
        limit,
        ...(relation && { relation }),
        ...(values.steps !== undefined && { steps: values.steps === '2' ? 2 : 1 }),
      },
      signal,
    );
    const nothing = 'Nothing found. Name a line of a definition, or ask for another relation';
    show(values, result, (found) => formatAnswer(found, terminal, process.cwd(), nothing, reasonOf));
    return result.hits.length > 0 ? 0 : 1;
  });
}

function reasonOf({ relations = [], via }: SearchHit): string | undefined {
  if (relations.length === 0) return undefined;
  const over = via === undefined ? '' : `, over ${via}`;
  return relations.map((relation) => reasons[relation]).join(', ') + over;
}
