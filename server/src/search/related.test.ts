import assert from 'node:assert/strict';
import { nullLog } from '../../../shared/src/log.js';
import type { Folder } from '../indexing/folders.js';
import { Parsers } from '../syntax/parsers.js';
import { SourceTexts } from '../source/sourceTexts.js';
import { TestGrammars } from '../../test/support/testGrammars.js';
import { TestIndex } from '../../test/support/testIndex.js';
import type { ChunkRow } from '../catalog/catalog.js';
import type { Ranked } from './ranking.js';
import { rankRelated } from './related.js';
import { Searcher } from './searcher.js';
import type { SearchTarget, Nearest } from './request.js';

const turn = 'export function turnHinge(angle: number): number {\n  return angle * 2;\n}\n';

/** As near to `turn` by its words as anything, without naming anything of it. */
const alike = Object.fromEntries(
  Array.from({ length: 6 }, (_, i) => [
    `alike/a${i}.ts`,
    `export function spin${i}(angle: number): number {\n  return angle * ${i};\n}\n`,
  ]),
);

describe('related chunks', () => {
  let grammars: TestGrammars;
  let parsers: Parsers;
  let test: TestIndex;
  let folder: Folder;

  before(async () => {
    grammars = await TestGrammars.make(['typescript', 'json']);
    parsers = new Parsers(grammars.folder, nullLog);
  });

  after(async () => {
    parsers.dispose();
    await grammars.remove();
  });

  afterEach(() => test.dispose());

  async function index(files: Readonly<Record<string, string>>, embed = true): Promise<void> {
    test = new TestIndex(files, parsers);
    folder = await test.open();
    if (embed) await test.folders.refresh(folder);
    else await test.folders.scan(folder);
  }

  const chunksOf = (path: string): ChunkRow[] =>
    test.catalog.chunks.ofFile(test.catalog.files.get(folder.indexer.folder.id, path)!.id);

  /** What `SearchTarget` and the chunk's own vector are to the service. */
  function targetOf(chunk: ChunkRow): SearchTarget {
    const { folder: row, projector } = folder.indexer;
    const query = test.catalog.vectors.get(row, chunk.vectorDigest);
    const nearest: Nearest = (...args) => projector.withCollection((collection) => collection.query(...args));
    const texts = new SourceTexts(test.root, { maxFileBytes: 100_000 });
    return { folder: row, prefix: '', texts, vectors: query && { nearest, query } };
  }

  async function related(path: string, limit = 3, ownFile = false): Promise<string[]> {
    const [chunk] = chunksOf(path);
    const fileId = test.catalog.files.get(folder.indexer.folder.id, path)!.id;
    const place = { chunk: chunk!, fileId, line: chunk!.startLine };
    const request = { limit, includeOwnFile: ownFile };
    const hits = await new Searcher(test.catalog).related(targetOf(chunk!), place, request);
    return hits.map(({ path: found, startLine }) => `${found}:${startLine}`);
  }

  /** By names alone. */
  async function linked(path: string, accept = (other: string) => other !== path): Promise<Ranked[]> {
    const [chunk] = chunksOf(path);
    const text = await targetOf(chunk!).texts.of(chunk!);
    const place = { chunk: chunk!, text, vector: undefined, nearest: [] };
    return rankRelated(test.catalog, folder.indexer.folder, place, accept);
  }

  const termsOf = async (path: string, other: string): Promise<Ranked['terms'] | undefined> =>
    (await linked(path)).find((ranked) => ranked.path === other)?.terms;

  it('are those that use what a place defines, though they are worded otherwise', async () => {
    await index({
      ...alike,
      'turn.ts': turn,
      'ship.ts': 'const bow = await ocean.sail("south", turnHinge);\n',
    });
    assert.ok((await related('turn.ts')).includes('ship.ts:1'));
    assert.deepEqual(await termsOf('turn.ts', 'ship.ts'), { usedBy: 0.25 });
  });

  it('are those that define what a place uses', async () => {
    await index({
      ...alike,
      'lamp.ts': 'export const wick = oil.burn("bright", turnHinge(3));\n',
      'turn.ts': turn,
    });
    assert.equal((await related('lamp.ts'))[0], 'turn.ts:1');
    assert.deepEqual(await termsOf('lamp.ts', 'turn.ts'), { uses: 0.25 });
  });

  it('have a cosine beside what names say', async () => {
    await index({ ...alike, 'turn.ts': turn, 'user.ts': 'turnHinge(angle);\n' });
    const [chunk] = chunksOf('turn.ts');
    const target = targetOf(chunk!);
    const vector = await target.vectors!.query;
    const text = await target.texts.of(chunk!);
    const place = { chunk: chunk!, text, vector, nearest: [] };
    const [user, ...others] = rankRelated(test.catalog, target.folder, place, (path) => path !== 'turn.ts');
    assert.deepEqual(others, [], 'nothing else was proposed');
    const { cosine = 0, usedBy = 0, ...rest } = user!.terms;
    assert.deepEqual([user!.path, rest], ['user.ts', {}]);
    assert.ok(cosine > 0 && cosine < 1 && Math.abs(user!.score - cosine - usedBy) < 1e-9);
  });

  it('are of the own file only when asked for', async () => {
    const filler = Array.from({ length: 12 }, (_, i) => `const filling${i} = 'nothing of note ${i}';`);
    await index({ 'turn.ts': [turn, ...filler, 'turnHinge(4);'].join('\n'), 'other.ts': 'turnHinge(5);\n' });
    assert.ok(chunksOf('turn.ts').at(-1)!.startLine > 4, 'the call is in a chunk of its own');
    assert.ok((await related('turn.ts', 10)).every((place) => place.startsWith('other.ts')));
    assert.ok((await related('turn.ts', 10, true)).some((place) => place.startsWith('turn.ts')));
  });

  it('are found by names alone while a place has no vector', async () => {
    await index({ ...alike, 'turn.ts': turn, 'ship.ts': 'ocean.sail(turnHinge(1));\n' }, false);
    assert.deepEqual(await related('turn.ts'), ['ship.ts:1']);
    assert.deepEqual(await related('ship.ts'), ['turn.ts:1']);
    test.write({ 'ship.ts': 'changed' });
    assert.deepEqual(await related('turn.ts'), [], 'hits are true all the same');
  });

  it('do not include all uses of a very common name', async () => {
    const use = (count: number): Record<string, string> =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`use/u${i}.ts`, `ocean.sail(turnHinge(${i}));\n`]),
      );
    await index({ 'turn.ts': turn, ...use(9) });
    const terms = (await linked('turn.ts')).map(({ terms: { usedBy = 0 } }) => usedBy);
    assert.equal(terms.length, 9);
    assert.ok(
      terms.every((term) => Math.abs(term - 0.25 / 3) < 1e-9),
      'each is worth less',
    );
    test.write(use(60));
    await test.folders.refresh(folder);
    assert.deepEqual(await linked('turn.ts'), []);
  });

  it('are none for names that are short, or that many files define', async () => {
    const many = Object.fromEntries(
      ['a', 'b', 'c', 'd'].map((name) => [`${name}.ts`, 'export function startEngine(): void {}\n']),
    );
    await index({
      ...many,
      'run.ts': 'export const run = () => startEngine();\n',
      'use.ts': 'run();\n',
    });
    assert.deepEqual(await linked('run.ts'), []);
    await test.remove('d.ts');
    await test.folders.refresh(folder);
    assert.deepEqual((await linked('run.ts')).map(({ path }) => path).sort(), ['a.ts', 'b.ts', 'c.ts']);
  });

  it('do not follow names of headings and data keys', async () => {
    await index({
      'settings.json': '{ "hingeSize": 3 }\n',
      'guide.md': '# hingeSize\n\nHow large it is. See turnHinge.\n',
      'read.ts': 'const size = settings.hingeSize;\n',
      'turn.ts': turn,
    });
    assert.deepEqual(await linked('read.ts'), []);
    assert.deepEqual(
      (await linked('guide.md')).map(({ path }) => path),
      ['turn.ts'],
      'prose may name what code defines',
    );
  });

  it('are where a name is used, not where it is imported', async () => {
    const imports = [
      `import { turnHinge } from './turn.js';`,
      ...Array.from({ length: 8 }, (_, i) => `import { thing${i} } from './lib/things/thing${i}.js';`),
    ];
    const body = 'export function openGate(): void {\n  oil.pour();\n  turnHinge(90);\n}\n';
    await index({ 'turn.ts': turn, 'gate.ts': `${imports.join('\n')}\n\n${body}` });
    const users = await linked('turn.ts');
    assert.deepEqual(
      users.map(({ id }) => test.catalog.chunks.get(id)?.symbol),
      ['openGate'],
    );
  });
});
