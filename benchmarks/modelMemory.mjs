import { measure } from './child.mjs';
import { MB } from './machine.mjs';
import { row, slope } from './stats.mjs';

/** Whether the model's memory, threads and handles are freed, once and over 200 cycles. */
export const modelMemory = {
  what: 'memory, threads and handles after clear, and over 200 cycles of load, embed, clear',
  async run(say, { runs = 3, cycles = 200 }) {
    const once = [];
    for (let run = 0; run < runs; run++) once.push(await measure('children/clear.mjs', { cycles: 2 }));
    say(`${cycles} cycles`);
    const { cleared, threads, handles } = await measure('children/clear.mjs', { cycles });
    const settled = cleared.slice(Math.min(10, cleared.length - 2)).map((bytes) => bytes / MB);
    // What the last cycle left less what the first one left; nothing where the system does not count them.
    const left = (what, counts) =>
      typeof counts[0] !== 'number'
        ? []
        : [
            row({
              measure: `${what} after ${cycles} cycles less those after 1`,
              unit: '',
              values: [counts.at(-1) - counts[0]],
              atMost: 0,
            }),
          ];
    const perCycle = slope([...settled.keys()], settled);
    return [
      row({
        measure: 'memory of a loaded model',
        unit: 'MB',
        values: once.map((one) => (one.loaded[0] - one.before) / MB),
      }),
      row({
        measure: 'memory left after the first clear',
        unit: 'MB',
        values: once.map((one) => (one.cleared[0] - one.before) / MB),
        atMost: 10,
        note: 'what stays is the native library, its code (24 MB of clean pages) and its tables, and the tokenizer, which the daemon needs without the model too',
      }),
      row({
        measure: 'memory left after the second clear, of that before the second load',
        unit: 'MB',
        values: once.map((one) => (one.cleared[1] - one.cleared[0]) / MB),
        atMost: 10,
      }),
      row({
        measure: `memory after ${cycles} cycles less that after 10`,
        unit: 'MB',
        values: [settled.at(-1) - settled[0]],
        atMost: 10,
      }),
      row({ measure: 'slope over the cycles', unit: 'MB per 100', values: [perCycle * 100] }),
      ...left('threads', threads),
      ...left('handles', handles),
    ];
  },
};
