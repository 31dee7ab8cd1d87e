// The seeded draw of functions that typescript.mjs and pyright.mjs share.

/**
 * @typedef {object} Callers What a language server says.
 * @property {string} tool Its name and version.
 * @property {Record<string, [name: string, start: number, end: number][]>} containers By path: what can be a caller.
 * @property {{ path: string, name: string, line: number, callers: { path: string, name: string, line: number }[] }[]}
 *   functions Those that were drawn. A caller with line 0 is the file itself.
 */

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Functions in random order with their callers, until `count` of them have some. */
export async function drawn(functions, seed, count, callersOf) {
  const next = random(seed);
  const left = [...functions];
  const found = [];
  for (let called = 0; called < count && left.length > 0;) {
    const [one] = left.splice(Math.floor(next() * left.length), 1);
    const callers = await callersOf(one);
    if (callers.length > 0) called++;
    found.push({ path: one.path, name: one.name, line: one.line, callers });
  }
  return found;
}
