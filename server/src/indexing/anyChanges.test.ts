import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { LanternError } from '../../../shared/src/errors.js';
import { nullLog } from '../../../shared/src/log.js';
import { Parsers } from '../syntax/parsers.js';
import { indexState } from '../../test/support/indexState.js';
import { tried } from '../../../shared/test/tally.js';
import { TestGrammars } from '../../test/support/testGrammars.js';
import { TestIndex } from '../../test/support/testIndex.js';
import { runsOr } from '../../../shared/test/runLength.js';

/** Something that happens to the files of a folder. An `aged` file has a time stamp that proves something. */
type Change =
  | { readonly kind: 'write'; readonly path: string; readonly text: string; readonly aged: boolean }
  | { readonly kind: 'delete' | 'touch'; readonly path: string }
  | { readonly kind: 'move'; readonly path: string; readonly to: string };

/** A change, or something that the daemon does. What is `during` happens after the first `texts` of a job. */
type Step =
  | Change
  | { readonly kind: 'refresh' | 'scan' | 'lose' | 'away' }
  | { readonly kind: 'cancel' | 'fail'; readonly texts: number }
  | { readonly kind: 'during'; readonly texts: number; readonly change: Change }
  | { readonly kind: 'restart'; readonly model: string };

const directories = ['', 'src/', 'src/deep/'];
const path = fc.constantFrom(
  ...directories.flatMap((directory) => ['a.ts', 'A.ts', 'b.py', 'c.md'].map((name) => directory + name)),
);
const place = fc.oneof({ weight: 6, arbitrary: path }, fc.constantFrom('src', 'src/deep', 'lib'));
const pieces = [
  'export function openDoor(): void {\n  hinge.turn();\n}\n',
  '// lets the guests in\nopenDoor();\n',
  'export class Hinge {\n  turn() { return openDoor(); }\n}\n',
  'new Hinge();\n',
  'def weigh_load(load):\n    """Weighs the load."""\n    return load * 3\n',
  '# weighs it again\nweigh_load(1)\n',
  '# Doors\n\nHow Hinge and weigh_load are used.\n',
  `const table = [${'1, 2, 3, '.repeat(60)}];\n`,
  'x\n',
  'y\n',
  '  \n',
  'é\r\n',
];
const text = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 3 }).map((parts) => parts.join('')),
  },
  { weight: 1, arbitrary: fc.constantFrom('', '\0', ' \n') },
);
/** What is there before the first step. */
const atFirst = {
  'a.ts': pieces[0]!,
  'src/a.ts': pieces[1]!,
  'src/b.py': pieces[4]!,
  'src/deep/b.py': pieces[5]!,
  'src/deep/c.md': pieces[6]!,
};
const rules = fc
  .array(fc.constantFrom('*.py', 'deep/', '!b.py', '/lib', 'A.*', '/src/*', '!/src/'), { maxLength: 2 })
  .map((lines) => `${lines.join('\n')}\n`);

const kind = fc.constant;
const change = fc.oneof<fc.MaybeWeightedArbitrary<Change>[]>(
  { weight: 9, arbitrary: fc.record({ kind: kind('write'), path, text, aged: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind('write'),
      path: fc.constantFrom('.gitignore', 'src/.gitignore', '.lanternignore'),
      text: rules,
      aged: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind('delete'), path: place }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('touch'), path }) },
  { weight: 4, arbitrary: fc.record({ kind: kind('move'), path: place, to: place }) },
);
const texts = fc.nat(5);
const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  { weight: 12, arbitrary: change },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('refresh', 'scan') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('lose', 'away') }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('cancel', 'fail'), texts }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('during'), texts, change }) },
  { weight: 2, arbitrary: fc.record({ kind: kind('restart'), model: fc.constantFrom('one', 'one', 'two') }) },
);

describe('any changes of a folder', function () {
  this.timeout(3_600_000);
  let grammars: TestGrammars;
  let parsers: Parsers;

  before(async () => {
    grammars = await TestGrammars.make(['typescript', 'python']);
    parsers = new Parsers(grammars.folder, nullLog);
  });
  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });

  const runs = runsOr(20);
  const isLong = runs !== 20;

  it('end in the index that is made of the last state', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
      const [seeing, fresh] = [new TestIndex(atFirst, parsers), new TestIndex({}, parsers)];
      try {
        seeing.files.makeRepository();
        await use(seeing, 'one');
        const clock = new Clock();
        await refresh(seeing);
        for (const one of steps) await apply(seeing, one, clock);
        await refresh(seeing);
        const again = await refresh(seeing);
        const { filesAdded, filesChanged, filesRemoved, chunksEmbedded } = again;
        assert.deepEqual([filesAdded, filesChanged, filesRemoved, chunksEmbedded], [0, 0, 0, 0]);

        cpSync(seeing.root, fresh.root, { recursive: true, preserveTimestamps: true });
        await use(fresh, seeing.embedder.model);
        await refresh(fresh);
        assert.deepEqual(indexState(seeing), indexState(fresh));
        assert.deepEqual([seeing.jobs, seeing.embedder.leases], [[], 0]);
      } finally {
        await seeing.dispose();
        await fresh.dispose();
      }
    });
    await fc.assert(property, { numRuns: runs, ...(!isLong && { seed: 1 }) });
    tried('fuzz cases', runs);
  });
});

/** Time stamps that differ, all of them a minute old or more, as those of files that were edited one after another. */
class Clock {
  #seconds = Math.floor(Date.now() / 1000) - 100_000;
  next(): number {
    return this.#seconds++;
  }
}

async function refresh(test: TestIndex) {
  return test.folders.refresh(await test.open());
}

/** Starts again with a model. */
async function use(test: TestIndex, model: string): Promise<void> {
  test.embedder.model = model;
  await test.restart(`model@${model}`);
  // Another model has another collection. When the store is away just then, the old collection stays, with a warning.
  await test.folders.find(test.root);
}

async function apply(test: TestIndex, one: Step, clock: Clock): Promise<void> {
  switch (one.kind) {
    case 'refresh':
      await refresh(test);
      return;
    case 'scan':
      return test.folders.scan(await test.open());
    case 'lose':
      // As Chroma does when its folder is gone: the next operation finds no collection.
      test.store.collections.clear();
      (await test.open()).indexer.projector.detach();
      return;
    case 'away':
      test.store.away = true;
      await refresh(test).catch(isExpected);
      test.store.away = false;
      return;
    case 'cancel': {
      const job = new AbortController();
      await during(test, one.texts, () => job.abort(), job.signal);
      return;
    }
    case 'fail':
      return during(test, one.texts, () => {
        throw new LanternError('unavailable', 'The model has ended.');
      });
    case 'during':
      return during(test, one.texts, () => changeFiles(test.root, one.change, clock));
    case 'restart':
      return use(test, one.model);
    case 'write':
    case 'delete':
    case 'touch':
    case 'move':
      changeFiles(test.root, one, clock);
  }
}

/** Refreshes the index. `work` is done once, when `texts` texts have got a vector. */
async function during(test: TestIndex, texts: number, work: () => void, signal?: AbortSignal): Promise<void> {
  let left = texts;
  test.embedder.before = () => {
    if (left-- === 0) work();
  };
  await test.folders.refresh(await test.open(), signal).catch(isExpected);
  test.embedder.before = () => undefined;
}

function isExpected(error: unknown): void {
  if (!(error instanceof LanternError) || error.code === 'internal') throw error;
}

function changeFiles(root: string, one: Change, clock: Clock): void {
  const at = join(root, one.path);
  switch (one.kind) {
    case 'write':
      makeRoom(root, at);
      writeFileSync(at, one.text);
      if (one.aged) setTime(at, clock);
      return;
    case 'delete':
      if (existsSync(at)) rmSync(at, { recursive: true });
      return;
    case 'touch':
      if (existsSync(at)) setTime(at, clock);
      return;
    case 'move': {
      const to = join(root, one.to);
      if (!existsSync(at) || `${to}/`.startsWith(`${at}/`) || `${at}/`.startsWith(`${to}/`)) return;
      makeRoom(root, to);
      if (existsSync(at)) renameSync(at, to);
    }
  }
}

function setTime(file: string, clock: Clock): void {
  const seconds = clock.next();
  utimesSync(file, seconds, seconds);
}

/** Makes the directories above `file`, and removes what is at its place. */
function makeRoom(root: string, file: string): void {
  for (let above = dirname(file); above.length > root.length; above = dirname(above)) {
    if (existsSync(above) && lstatSync(above).isFile()) rmSync(above);
  }
  rmSync(file, { recursive: true, force: true });
  mkdirSync(dirname(file), { recursive: true });
}
