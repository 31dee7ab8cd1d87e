import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

/** Unpacks a VSIX as VS Code does; returns the folder of the extension. */
export async function unpack(vsix: string, into: string): Promise<string> {
  const zip = await openPromise(vsix);
  for await (const entry of zip.eachEntry()) {
    if (!entry.fileName.startsWith('extension/') || entry.fileName.endsWith('/')) continue;
    const file = join(into, entry.fileName);
    mkdirSync(dirname(file), { recursive: true });
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file));
  }
  return join(into, 'extension');
}
