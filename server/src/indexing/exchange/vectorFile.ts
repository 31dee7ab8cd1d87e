import { Buffer } from 'node:buffer';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { LanternError, cancelled, errorMessage, systemCode } from '../../../../shared/src/errors.js';
import type { NewVector } from '../../catalog/catalog.js';
import { fromInt8, toInt8 } from '../../catalog/int8.js';

export interface VectorFileHeader {
  /** The model with its revision and dtype. */
  readonly model: string;
  readonly dimensions: number;
  readonly count: number;
}

const format = 'lantern-vectors';
const version = 1;
const digestBytes = 16;
/** A longer header is none of ours. */
const mostHeaderBytes = 4096;
const mostDimensions = 65_536;
const recordsAtOnce = 256;

/**
 * Writes a file of vectors by content: gzip of a header, which is one line of JSON, and of records, each with a digest
 * and a byte per component. It has neither texts nor paths. A file of that name is replaced when all is written.
 */
export async function writeVectorFile(
  path: string,
  header: VectorFileHeader,
  records: AsyncIterable<NewVector>,
  signal?: AbortSignal,
): Promise<{ bytes: number }> {
  const unfinished = `${path}.${process.pid}.unfinished`;
  async function* bytes(): AsyncGenerator<Buffer> {
    yield Buffer.from(`${JSON.stringify({ format, version, ...header })}\n`);
    for await (const { digest, vector } of records) {
      yield Buffer.concat([digest, toInt8(vector)]);
    }
  }
  try {
    const target = createWriteStream(unfinished, { mode: 0o600, flush: true });
    await pipeline(Readable.from(bytes()), createGzip(), target, { ...(signal && { signal }) });
    await rename(unfinished, path);
    return { bytes: (await stat(path)).size };
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    if (signal?.aborted === true) throw cancelled('The export');
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new LanternError(
      code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'not-readable',
      `${path} cannot be written (${errorMessage(error)}). Name another place with -o.`,
      { cause: error },
    );
  }
}

/** A file of vectors that another machine may have written, and that may be damaged or hostile. */
export class VectorFile {
  readonly header: VectorFileHeader;
  readonly #path: string;
  readonly #headerBytes: number;

  private constructor(path: string, header: VectorFileHeader, headerBytes: number) {
    this.#path = path;
    this.header = header;
    this.#headerBytes = headerBytes;
  }

  /** Reads the header. Rejects with `bad-request` when it is none. */
  static async open(path: string): Promise<VectorFile> {
    const found = await stat(path).catch((error: unknown) => {
      throw new LanternError('not-found', `${path} cannot be read: ${errorMessage(error)}.`, {
        cause: error,
      });
    });
    if (!found.isFile()) throw new LanternError('bad-request', `${path} is no file.`);
    let start = Buffer.alloc(0);
    for await (const part of inflated(path)) {
      start = Buffer.concat([start, part.subarray(0, mostHeaderBytes)]);
      const end = start.indexOf('\n');
      if (end >= 0) return new VectorFile(path, headerIn(path, start.toString('utf8', 0, end)), end + 1);
      if (start.length >= mostHeaderBytes) break;
    }
    throw foreign(path);
  }

  /** All records, in blocks. Rejects with `bad-request` at what is damaged, at the latest at the end. */
  async *blocks(): AsyncGenerator<NewVector[]> {
    const { dimensions, count } = this.header;
    const recordBytes = digestBytes + dimensions;
    let rest = Buffer.alloc(0);
    let skip = this.#headerBytes;
    let seen = 0;
    for await (const part of inflated(this.#path)) {
      const skipped = Math.min(skip, part.length);
      skip -= skipped;
      rest = Buffer.concat([rest, part.subarray(skipped)]);
      const whole = Math.floor(rest.length / recordBytes);
      // What goes on behind its end may go on for ever.
      if (seen + whole > count || (seen + whole === count && rest.length > whole * recordBytes))
        throw damaged(this.#path, 'it is longer than it says');
      for (let from = 0; from < whole; from += recordsAtOnce) {
        const block: NewVector[] = [];
        for (let at = from; at < Math.min(whole, from + recordsAtOnce); at++) {
          const record = rest.subarray(at * recordBytes, (at + 1) * recordBytes);
          const vector = fromInt8(record.subarray(digestBytes));
          if (vector.every((value) => value === 0)) throw damaged(this.#path, 'it has a vector of zeros');
          block.push({ digest: new Uint8Array(record.subarray(0, digestBytes)), vector });
        }
        yield block;
      }
      seen += whole;
      rest = rest.subarray(whole * recordBytes);
    }
    if (seen < count || rest.length > 0) throw damaged(this.#path, 'it is shorter than it says');
  }
}

/** The parts of a file that was compressed, at most 64 KB each. */
async function* inflated(path: string): AsyncGenerator<Buffer> {
  const [source, gunzip] = [createReadStream(path), createGunzip()];
  source.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const part of source.pipe(gunzip)) yield part as Buffer;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'Z_BUF_ERROR') throw damaged(path, 'its end is missing');
    if (code === 'Z_DATA_ERROR') throw damaged(path, errorMessage(error));
    throw new LanternError('not-readable', `${path} cannot be read: ${errorMessage(error)}.`, {
      cause: error,
    });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

function headerIn(path: string, line: string): VectorFileHeader {
  let found: Record<string, unknown>;
  try {
    found = Object(JSON.parse(line)) as Record<string, unknown>;
  } catch {
    throw foreign(path);
  }
  if (found['format'] !== format) throw foreign(path);
  if (found['version'] !== version) {
    throw new LanternError(
      'incompatible',
      `${path} was written by another version of Lantern. Use that version, or export it again with this one.`,
    );
  }
  const { model, dimensions, count } = found;
  const isSize = (value: unknown, most: number): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= most;
  const isCount = isSize(count, Number.MAX_SAFE_INTEGER);
  if (typeof model !== 'string' || !isSize(dimensions, mostDimensions) || dimensions === 0 || !isCount)
    throw damaged(path, 'its header is incomplete');
  return { model, dimensions, count };
}

const foreign = (path: string): LanternError =>
  new LanternError('bad-request', `${path} is no file that "lantern export" has written.`);

const damaged = (path: string, cause: string): LanternError =>
  new LanternError('bad-request', `${path} is damaged: ${cause}. Nothing of it was taken. Get it again.`);
