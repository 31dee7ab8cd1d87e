import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

type Table = Readonly<Record<string, { readonly wasm: string; readonly tags: readonly string[] }>>;

/** The checkout that the compiled tests belong to. */
export const checkout = findCheckout(import.meta.dirname);

function findCheckout(from: string): string {
  if (existsSync(join(from, 'server/src/syntax/grammars.json'))) return from;
  const parent = dirname(from);
  if (parent === from) throw new Error('No checkout above the compiled tests.');
  return findCheckout(parent);
}

/** A temporary folder laid out as the build lays out `dist/grammars`, with all grammars or those named. */
export class TestGrammars {
  readonly folder: string;
  readonly names: readonly string[];

  private constructor(folder: string, names: readonly string[]) {
    this.folder = folder;
    this.names = names;
  }

  static async make(wanted?: readonly string[]): Promise<TestGrammars> {
    const sources = join(checkout, 'server/src/syntax');
    const table = JSON.parse(await readFile(join(sources, 'grammars.json'), 'utf8')) as Table;
    const folder = join(await mkdtemp(join(tmpdir(), 'lantern-grammars-')), 'grammars');
    await mkdir(folder);
    const modules = join(checkout, 'node_modules');
    await copyFile(
      join(modules, 'web-tree-sitter/web-tree-sitter.wasm'),
      join(folder, 'web-tree-sitter.wasm'),
    );
    const names = Object.keys(table).filter((name) => wanted?.includes(name) ?? true);
    for (const name of names) {
      const { wasm, tags } = table[name] ?? { wasm: '', tags: [] };
      const params = { [constants.BROTLI_PARAM_QUALITY]: 1 };
      await writeFile(
        join(folder, `${name}.wasm.br`),
        brotliCompressSync(await readFile(join(modules, wasm)), { params }),
      );
      const queries = tags.map((tag) =>
        readFile(tag.startsWith('queries/') ? join(sources, tag) : join(modules, tag), 'utf8'),
      );
      await writeFile(join(folder, `${name}.scm`), (await Promise.all(queries)).join('\n'));
    }
    return new TestGrammars(folder, names);
  }

  async remove(): Promise<void> {
    await rm(dirname(this.folder), { recursive: true, force: true });
  }
}
