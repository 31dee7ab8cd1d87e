import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  type ReadHandle,
  type ReadOptions,
  type ReadResult,
  contentExclusion,
  openFile,
  readSource,
} from './sourceFile.js';
import { tried } from '../../../shared/test/tally.js';
import { TestFolder } from '../../test/support/testFolder.js';

describe('readSource', () => {
  let folder: TestFolder;
  beforeEach(() => {
    folder = new TestFolder();
  });
  afterEach(() => {
    folder.dispose();
  });

  const read = (path: string, options: Partial<ReadOptions> = {}): Promise<ReadResult> =>
    readSource(folder.root, path, { maxFileBytes: 100_000, ...options });
  const reason = async (path: string, options: Partial<ReadOptions> = {}): Promise<string> => {
    const result = await read(path, options);
    return result.kind === 'skipped' ? result.reason : result.kind;
  };
  /** Opens the real file and calls `during` before each read. */
  const disturbed =
    (during: () => void) =>
    (path: string, flags: number): ReadHandle => {
      const handle = openFile(path, flags);
      return {
        ...handle,
        read: (buffer, at) => {
          during();
          return handle.read(buffer, at);
        },
      };
    };

  it('returns text, digest of the bytes, size and time', async () => {
    const bytes = Buffer.from('\uFEFFlet é;\r\n');
    folder.write({ 'a b/ü "x".ts': bytes });
    const { size, mtimeMs } = statSync(join(folder.root, 'a b/ü "x".ts'));
    assert.deepEqual(await read('a b/ü "x".ts'), {
      kind: 'text',
      text: 'let é;\r\n',
      digest: createHash('sha256').update(bytes).digest('hex'),
      size,
      mtimeMs,
    });
  });

  it('says what is gone, and never leaves the folder', async () => {
    folder.write({ 'a.ts': 'x', '../outside.ts': 'x' });
    for (const path of [
      'none.ts',
      'a.ts/x',
      '../outside.ts',
      'b/../a.ts',
      '/etc/hostname',
      '',
      './a.ts',
      'a\0b',
    ]) {
      assert.equal(await reason(path), 'gone', path);
    }
    symlinkSync('..', join(folder.root, 'up'));
    symlinkSync('../outside.ts', join(folder.root, 'link.ts'));
    assert.equal(await reason('up/outside.ts'), 'symlink-outside');
    assert.equal(await reason('link.ts'), 'symlink');
  });

  it('reads nothing outside when a folder is replaced by a link between the check and the opening', async () => {
    folder.write({ 'd/a.ts': 'inside', '../outside/a.ts': 'outside' });
    const at = join(folder.root, 'd');
    let open = 0;
    const swapped = (back: boolean) => (path: string, flags: number) => {
      open++;
      renameSync(at, `${at}-away`);
      symlinkSync(join(folder.root, '..', 'outside'), at);
      const handle = openFile(path, flags);
      if (back) {
        rmSync(at);
        renameSync(`${at}-away`, at);
      }
      return handle;
    };
    // Also when it is put back before anybody looks again.
    assert.equal(await reason('d/a.ts', { open: swapped(true) }), 'symlink-outside');
    assert.equal(await reason('d/a.ts', { open: swapped(false) }), 'symlink-outside');
    assert.equal(open, 2);
    tried('attacks', 2);
  });

  it('reads no more than it must of a file that is too large', async () => {
    folder.write({ 'large.ts': '' });
    // Sparse: 200 MB that take no space.
    truncateSync(join(folder.root, 'large.ts'), 200_000_000);
    const never = (): never => assert.fail('the file was opened');
    assert.equal(await reason('large.ts', { open: never }), 'too-large');
  });

  it('opens no FIFO and reads no directory', async function () {
    if (spawnSync('mkfifo', [join(folder.root, 'pipe')]).status !== 0) this.skip();
    folder.write({ 'd/a': 'x' });
    assert.equal(await reason('pipe'), 'special');
    assert.equal(await reason('d'), 'special');
  });

  it('reports what cannot be read', async () => {
    folder.write({ 'a.ts': 'x' });
    const closed: string[] = [];
    // Injected, because permissions do not stop a test that runs as root.
    const failure = (code: string) => (): never => {
      throw Object.assign(new Error('no'), { code });
    };
    assert.equal(await reason('a.ts', { open: failure('EACCES') }), 'unreadable');
    const broken = (path: string, flags: number): ReadHandle => {
      const handle = openFile(path, flags);
      const close = (): void => {
        closed.push(path);
        handle.close();
      };
      return { ...handle, close, read: failure('EIO') };
    };
    assert.equal(await reason('a.ts', { open: broken }), 'unreadable');
    assert.equal(closed.length, 1);
  });

  it('reads again when the file changes meanwhile, and returns one consistent state', async () => {
    folder.write({ 'a.ts': 'old text' });
    const file = join(folder.root, 'a.ts');
    let changes = 0;
    const result = await read('a.ts', {
      open: disturbed(() => {
        if (changes++ === 0) writeFileSync(file, 'the new and longer text');
      }),
    });
    assert.equal(result.kind === 'text' && result.text, 'the new and longer text');
    assert.equal(result.kind === 'text' && result.size, 23);
  });

  it('gives up on a file that never stops changing, or grows without end', async () => {
    folder.write({ 'a.log': 'x' });
    const file = join(folder.root, 'a.log');
    let reads = 0;
    const grow = disturbed(() => {
      reads++;
      appendFileSync(file, 'more\n');
    });
    assert.equal(await reason('a.log', { open: grow }), 'changing');
    assert.ok(reads < 10, `${reads} reads`);
  });

  it('survives a file that is deleted while it is open', async () => {
    folder.write({ 'a.ts': 'x' });
    const file = join(folder.root, 'a.ts');
    assert.equal(await reason('a.ts', { open: disturbed(() => rmSync(file, { force: true })) }), 'gone');
  });

  it('reads no secret, by name or by content', async () => {
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\n';
    folder.write({
      '.env': 'A=1',
      notes: key,
      'notes.ts': `// see below\n${key}`,
      'about.ts': `const s = '${key}';`,
    });
    assert.equal(await reason('.env'), 'secret');
    assert.equal(await reason('notes'), 'secret');
    assert.equal(await reason('notes.ts'), 'secret');
    assert.equal(await reason('about.ts'), 'text');
  });

  it('reports the state in which the content was skipped, so that it is not read again', async () => {
    folder.write({ blob: Buffer.from([1, 0, 2, 0, 0, 9]) });
    const { size, mtimeMs } = statSync(join(folder.root, 'blob'));
    assert.deepEqual(await read('blob'), { kind: 'skipped', reason: 'binary', state: { size, mtimeMs } });
  });
});

describe('contentExclusion', () => {
  it('finds generated files by their marker', () => {
    const markers = [
      '// Code generated by protoc-gen-go. DO NOT EDIT.',
      '# Generated by Django 4.2; do not edit',
      '/* @generated by relay */',
      '/**\n * @generated\n */',
      '<!-- This file is automatically generated -->',
      '// <auto-generated>\n//   changes will be lost',
      '// This file is @generated by prost-build.',
      '-- This file was auto-generated from schema.sql',
      '"""Generated protocol buffer code. DO NOT EDIT"""',
      '#!/bin/sh\n#\n# Autogenerated or generated by make; do not modify',
    ];
    for (const marker of markers)
      assert.equal(contentExclusion('a.x', `${marker}\ncode\n`), 'generated', marker);
  });

  it('does not exclude source code about generated files', () => {
    const texts = [
      'const marker = "Code generated by x. DO NOT EDIT.";',
      '// Finds files with @generated in them.',
      `${'code\n'.repeat(30)}// Code generated by x. DO NOT EDIT.`,
      '// The report is generated daily.',
    ];
    for (const text of texts) assert.equal(contentExclusion('a.ts', text), undefined, text);
    assert.equal(
      contentExclusion('a.md', '# Generated files: do not edit them\n* generated by x, do not edit\n'),
      undefined,
    );
  });

  it('finds minified text by its line length, and leaves prose and small files alone', () => {
    const line = 'var a=function(b){return b};'.repeat(200);
    assert.equal(contentExclusion('a.js', `/*! licence */\n${line}`), 'minified');
    assert.equal(contentExclusion('a.md', line.slice(0, 3000)), undefined);
    assert.equal(contentExclusion('a.json', line.slice(0, 2000)), undefined);
    assert.equal(contentExclusion('a.js', `${'let a = 1;\n'.repeat(50)}${line}`), undefined);
  });

  it('treats white space as empty', () => {
    assert.equal(contentExclusion('a.ts', ' \r\n\t\n'), 'empty');
  });
});
