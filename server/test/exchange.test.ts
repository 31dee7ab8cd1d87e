import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ExportResult, ImportReport } from '../../shared/src/protocol/protocol.js';
import { Cli } from './support/cliHarness.js';

const dimensions = 384;
const recordBytes = 16 + dimensions;

/** Two data folders on one machine stand for two people. */
describe('vectors of another', function () {
  this.timeout(120_000);
  this.slow(20_000);
  let folder: string;
  let file: string;
  let theirs: Cli;
  let theirPath: string;
  let exported: ExportResult;
  let mine: Cli;
  let myPath: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'lantern-exchange-'));
    file = join(folder, 'index.lantern');
    theirs = new Cli();
    theirPath = theirs.folder('typescript-shop');
    await theirs.index(theirPath);
    exported = await theirs.json<ExportResult>(['export', theirPath, '-o', file]);
  });
  after(async () => {
    await theirs.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    mine = new Cli();
    myPath = mine.folder('typescript-shop');
  });
  afterEach(() => mine.dispose());

  const importing = (): Promise<ImportReport> => mine.json(['import', file, '--path', myPath]);
  /** A copy of the file with another header or other records. */
  const changed = (
    name: string,
    change: (records: Buffer, header: Record<string, unknown>) => Buffer,
  ): string => {
    const plain = gunzipSync(readFileSync(file));
    const end = plain.indexOf('\n');
    const header = JSON.parse(plain.toString('utf8', 0, end)) as Record<string, unknown>;
    const records = Buffer.from(plain.subarray(end + 1));
    const made = change(records, header);
    const other = join(folder, `${name}.lantern`);
    writeFileSync(other, gzipSync(Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), made])));
    return other;
  };
  const queries = ['apply a discount code', 'retry a failed payment', 'where is stock reserved'];

  it('cost no run of the model, and give the same hits in another place', async () => {
    const report = await importing();
    assert.ok(report.chunksTotal > 40);
    assert.equal(report.chunksEmbedded, 0);
    assert.deepEqual([report.vectorsInFile, report.vectorsTaken], [exported.vectors, exported.vectors]);
    assert.equal(report.vectorsChecked, 8);
    const { folders } = await mine.status();
    assert.deepEqual([folders[0]?.chunksPending, folders[0]?.filesPending], [0, 0]);
    for (const query of queries) {
      const [own, other] = [await mine.search(query, myPath), await theirs.search(query, theirPath)];
      assert.equal(own.coverage.semantic, true);
      const placesOf = ({ hits }: typeof own): string[] =>
        hits.map(({ path, startLine }) => `${path}:${startLine}`);
      assert.deepEqual(placesOf(own), placesOf(other), query);
    }
  });

  it('spare what is the same, and the model makes the rest', async () => {
    appendFileSync(join(myPath, 'src', 'pricing', 'promotions.ts'), '\nexport const violetMeadow = 7;\n');
    const report = await importing();
    assert.ok(report.vectorsTaken < exported.vectors, `${report.vectorsTaken} of ${exported.vectors}`);
    assert.ok(report.chunksEmbedded > 0 && report.chunksEmbedded < report.chunksTotal / 4);
    const again = await importing();
    assert.deepEqual([again.vectorsTaken, again.vectorsChecked, again.chunksEmbedded], [0, 0, 0]);
  });

  it('hold neither a text nor a path', () => {
    const plain = gunzipSync(readFileSync(file)).toString('latin1');
    for (const word of ['promotions', 'discount', theirPath, 'typescript'])
      assert.ok(!plain.includes(word), word);
  });

  it('are not taken when they are wrong, damaged or of another model', async () => {
    const shifted = changed('shifted', (records) => {
      // Each vector has the digest of the next text.
      const digest = (at: number): Buffer => records.subarray(at * recordBytes, at * recordBytes + 16);
      const count = records.length / recordBytes;
      const first = Buffer.from(digest(0));
      for (let at = 0; at + 1 < count; at++) digest(at).set(digest(at + 1));
      digest(count - 1).set(first);
      return records;
    });
    const foreign = changed('foreign', (records, header) => {
      header['model'] = 'another@1:int8';
      return records;
    });
    const told: readonly (readonly [path: string, message: RegExp])[] = [
      [shifted, /other vectors than all-MiniLM-L6-v2.* gives here.*Nothing of it was taken/],
      [foreign, /has vectors of the model another@1:int8/],
      [changed('short', (records) => records.subarray(0, -3)), /damaged: it is shorter than it says/],
      [join(folder, 'none.lantern'), /none\.lantern cannot be read/],
    ];
    for (const [path, message] of told) {
      const { code, stderr } = await mine.run(['import', path, '--path', myPath]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
    const [state] = (await mine.status()).folders;
    assert.equal(state?.chunksPending, state?.chunks);
    // Words answer meanwhile, and the index can still be made.
    assert.ok((await mine.search('apply a discount code', myPath)).hits.length > 0);
    const { chunksEmbedded, chunksTotal } = await mine.index(myPath);
    assert.equal(chunksEmbedded, chunksTotal);
  });

  it('of a folder without vectors, or to a place that is none, are an error', async () => {
    const unknown = await mine.run(['export', myPath, '-o', join(folder, 'x.lantern')]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.stderr, /is not indexed/);
    const nowhere = await theirs.run(['export', theirPath, '-o', join(folder, 'none', 'x.lantern')]);
    assert.equal(nowhere.code, 2);
    assert.match(nowhere.stderr, /cannot be written.*-o/);
    assert.ok(!existsSync(join(folder, 'none')));
  });
});
