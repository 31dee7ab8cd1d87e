import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const headerBytes = 36;

/**
 * The index folders under `data` whose vectors are cut off. The server loads such an index without a word, or is
 * brought down by it.
 */
export async function truncatedIndexes(data: string): Promise<string[]> {
  const cut: string[] = [];
  for (const entry of await readdir(data, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(data, entry.name);
    const needed = await vectorBytes(join(folder, 'header.bin'));
    if (needed === undefined) continue;
    const found = await stat(join(folder, 'data_level0.bin')).then(
      ({ size }) => size,
      () => 0,
    );
    if (found < needed) cut.push(folder);
  }
  return cut;
}

/** What hnswlib's header (little-endian, version 1) says that its elements take; `undefined` for anything else. */
async function vectorBytes(header: string): Promise<number | undefined> {
  const file = await open(header).catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(headerBytes), 0, headerBytes, 0);
    // Too short a header brings the server down: as bad as no vectors at all.
    if (bytesRead < headerBytes) return Infinity;
    if (buffer.readInt32LE(0) !== 1) return undefined;
    const elements = Number(buffer.readBigUInt64LE(20));
    const elementBytes = Number(buffer.readBigUInt64LE(28));
    return elementBytes < 1e6 ? elements * elementBytes : undefined;
  } finally {
    await file.close();
  }
}
