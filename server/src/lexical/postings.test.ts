import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  VarintReader,
  VarintWriter,
  type FileCounts,
  type FieldPostings,
  encodeCounts,
  encodeEntry,
  noCounts,
  encodeRows,
  chunkFields,
  fileFields,
  readBlock,
  readCounts,
  decodeRows,
  withoutSlot,
} from './postings.js';

const pairs = fc
  .uniqueArray(fc.nat(5000), { maxLength: 6 })
  .chain((ordinals) =>
    fc
      .array(fc.integer({ min: 1, max: 70_000 }), { minLength: ordinals.length, maxLength: ordinals.length })
      .map((counts) => ordinals.sort((a, b) => a - b).flatMap((ordinal, i) => [ordinal, counts[i] ?? 1])),
  );
const counts: fc.Arbitrary<FileCounts> = fc.record(
  {
    path: fc.nat(300),
    lead: fc.nat(300),
    comments: fc.nat(300),
    body: pairs,
    names: pairs,
    signatures: pairs,
  },
  { noNullPrototype: true },
);

function decode(reader: VarintReader): FileCounts {
  const found = noCounts();
  const none = (): FieldPostings => ({ docs: [], counts: [] });
  const [ofFile, ofChunks] = [fileFields.map(none), chunkFields.map(none)];
  // Chunks of this file are numbered from 100.
  readCounts(reader, 7, 100, [...ofFile, ...ofChunks]);
  for (const [i, { docs, counts: read }] of ofFile.entries()) {
    assert.ok(docs.every((file) => file === 7) && docs.length === read.length);
    found[fileFields[i]!] = read[0] ?? 0;
  }
  for (const [i, { docs, counts: read }] of ofChunks.entries())
    found[chunkFields[i]!].push(...docs.flatMap((chunk, at) => [chunk - 100, read[at]!]));
  return found;
}

const join = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('postings', () => {
  it('decode to what was encoded, entry by entry', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(63), counts), { maxLength: 8 }), (entries) => {
        const block = join(
          ...entries.map(([slot, one]) => encodeEntry(slot, Uint8Array.from(encodeCounts(one)))),
        );
        const found: [number, FileCounts][] = [];
        readBlock(block, (slot, reader) => found.push([slot, decode(reader)]));
        assert.deepEqual(found, entries);
      }),
    );
  });

  it('lose one file and keep the others', () => {
    const entry = (slot: number): Uint8Array => encodeEntry(slot, Uint8Array.from([slot, slot, slot]));
    const block = join(entry(1), entry(2), entry(3));
    assert.deepEqual(withoutSlot(block, 2), join(entry(1), entry(3)));
    assert.deepEqual(withoutSlot(block, 9), block);
    assert.equal(withoutSlot(entry(1), 1), undefined);
  });

  it('hold numbers of up to 32 bits', () => {
    for (const number of [0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1]) {
      const writer = new VarintWriter();
      writer.write(number);
      const reader = new VarintReader(Uint8Array.from(writer.bytes));
      assert.equal(reader.read(), number);
      assert.ok(reader.done);
    }
  });

  it('pack rows', () => {
    for (const rows of [[], [1], [3, 4, 900, 70_000]]) assert.deepEqual(decodeRows(encodeRows(rows)), rows);
  });
});
