import { measure, preparePeer } from './child.mjs';
import { row } from './stats.mjs';

/**
 * Time until the model is ready from cold, beside the minimum, the peer, and the time to read the file; and a hit of
 * the cache.
 */
export const modelStart = {
  what: 'the model ready from cold in a running process; a hit of the cache',
  async run(say, { runs = 9 }) {
    const peer = await preparePeer(say);
    const ms = { cache: [], raw: [], read: [], peer: [] };
    const hits = [];
    try {
      for (let run = 0; run < runs; run++) {
        for (const way of ['cache', 'raw', 'read']) {
          const result = await measure('children/start.mjs', { way });
          ms[way].push(result.ms);
          if (way === 'cache') hits.push(result.hitMicroseconds);
        }
        ms.peer.push((await measure('peer/users.mjs', { models: peer.models, users: [1] })).ms[0]);
      }
    } finally {
      peer.dispose();
    }
    const against = (what, way) => ({ what, values: ms[way] });
    const common = { measure: 'model ready from cold', unit: 'ms', values: ms.cache };
    return [
      row({ ...common, against: against('session and tokenizer, nothing else', 'raw'), atMost: 1.5 }),
      row({ ...common, against: against('pipeline of transformers.js, int8', 'peer') }),
      row({ ...common, against: against('reading the file of weights', 'read') }),
      row({ measure: 'a hit of the cache, p50', unit: 'µs', values: hits, atMost: 10 }),
    ];
  },
};
