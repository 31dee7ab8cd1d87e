// Shared vectors of a team on one Chroma server: how fast it takes them, and how fast it answers many users at once. The
// vectors are synthetic, because a million real ones would take hours; the server cannot tell them apart.
//
//   npm run bench -- team [--vectors N] [--users N]
import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startServer } from './chromaServer.mjs';
import { MB, rssOf } from './machine.mjs';
import { row } from './stats.mjs';
import { percentile } from './workspace.mjs';
import { nullLog } from '../out/shared/src/log.js';
import { fromInt8 } from '../out/server/src/catalog/int8.js';
import { ChromaConnection } from '../out/server/src/vectors/chroma/chromaConnection.js';
import { RemoteChroma } from '../out/server/src/vectors/chroma/chromaRemote.js';
import { SharedCollection } from '../out/server/src/vectors/chroma/sharedCollection.js';

const options = {
  vectors: { type: 'string', default: '50000' },
  users: { type: 'string', default: '50' },
};
const dimensions = 384;
const atOnce = 250;
/** Who gives at the same time while the server is filled. */
const givers = 4;
/** Requests of a user who indexes a checkout, and the digests of an edit. */
const checkout = 20;
const edit = 3;
const editSeconds = 10;

const userOf = (url) => {
  const connection = new ChromaConnection(
    new RemoteChroma(url),
    {
      tenant: 'default_tenant',
      database: 'default_database',
      apiKey: '',
      log: nullLog,
      callTimeoutMs: 60_000,
    },
    () => undefined,
  );
  return new SharedCollection(connection, { model: 'synthetic@1', dimensions });
};

const sizeOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

export const team = {
  what: 'shared vectors on one Chroma server: filling it, and many users who ask at once',
  needsOptions: true,
  async run(say, args = []) {
    const { values } = parseArgs({ args, options });
    const [count, users] = [Number(values.vectors), Number(values.users)];
    const server = await startServer();
    // One buffer instead of a million small ones.
    const digests = randomBytes(16 * count);
    const digest = (at) => digests.subarray(16 * at, 16 * (at + 1));
    const anyDigests = (many) =>
      Array.from({ length: many }, () => digest(Math.floor(Math.random() * count)));
    try {
      const empty = rssOf(server.pid);
      let next = 0;
      const puts = [];
      const began = performance.now();
      await userOf(server.url).put([{ digest: digest(0), vector: fromInt8(randomBytes(dimensions)) }]);
      await Promise.all(
        Array.from({ length: givers }, async () => {
          const giver = userOf(server.url);
          while (next < count) {
            const from = next;
            next += atOnce;
            const vectors = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => ({
              digest: digest(from + i),
              vector: fromInt8(randomBytes(dimensions)),
            }));
            const start = performance.now();
            await giver.put(vectors);
            puts.push(performance.now() - start);
            if (puts.length % 400 === 0)
              say(`${next} vectors, ${Math.round(next / ((performance.now() - began) / 1000))} a second`);
          }
        }),
      );
      const filling = (performance.now() - began) / 1000;
      const grown = rssOf(server.pid) - empty;
      const disk = sizeOf(server.directory);
      const asking = async (many, requests, pauseMs) => {
        const times = [];
        const start = performance.now();
        await Promise.all(
          Array.from({ length: users }, async () => {
            const user = userOf(server.url);
            await user.get(anyDigests(1));
            for (let i = 0; i < requests; i++) {
              const asked = performance.now();
              const found = await user.get(anyDigests(many));
              if (found.length === 0) throw new Error('known vectors were not found');
              times.push(performance.now() - asked);
              if (pauseMs > 0) await sleep(pauseMs * (0.5 + Math.random()));
            }
          }),
        );
        return { times, seconds: (performance.now() - start) / 1000 };
      };
      const checkouts = await asking(atOnce, checkout, 0);
      say(`checkouts: ${checkouts.seconds.toFixed(1)} s`);
      const edits = await asking(edit, editSeconds, 1000);
      return [
        row({ measure: `filling with ${count} vectors`, unit: 'a second', values: [count / filling] }),
        row({ measure: 'request that gives 250, p95', unit: 'ms', values: [percentile(puts, 0.95)] }),
        row({ measure: 'memory of the server more', unit: 'MB', values: [grown / MB] }),
        row({ measure: 'its disk', unit: 'MB', values: [disk / MB] }),
        row({
          measure: `${users} users at once who index ${checkout * atOnce} known texts each`,
          unit: 'vectors a second',
          values: [(users * checkout * atOnce) / checkouts.seconds],
        }),
        row({
          measure: 'their requests for 250, p95',
          unit: 'ms',
          values: [percentile(checkouts.times, 0.95)],
        }),
        row({
          measure: `${users} users who save a file a second, p95`,
          unit: 'ms',
          values: [percentile(edits.times, 0.95)],
        }),
      ];
    } finally {
      server.stop();
    }
  },
};
