import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { dirname } from 'node:path';
import type { FolderStatus } from '../../../../shared/src/protocol/protocol.js';
import { type FolderLookup, type FolderContext, folderScope, rootPaths } from './folderScope.js';

const nowhere: FolderContext = { roots: [], workingDirectory: undefined };

function lookup(...paths: string[]): FolderLookup {
  const folders = paths.map((path): FolderStatus => {
    return {
      path,
      collection: 'c',
      files: 1,
      filesPending: 0,
      chunks: 1,
      chunksPending: 0,
      indexedAt: 1,
      status: { kind: 'idle' },
    };
  });
  return {
    indexed: (path) =>
      Promise.resolve(folders.find((folder) => path === folder.path || path.startsWith(`${folder.path}/`))),
    indexedFolders: () => folders,
  };
}

describe('folderScope', () => {
  it('takes the folder that is named, before anything else', async () => {
    const where = { roots: ['/b'], workingDirectory: '/c' };
    assert.deepEqual((await folderScope('/a/inner', where, lookup('/a', '/b', '/c'))).folders, ['/a/inner']);
  });

  it('takes the client’s roots before the working directory', async () => {
    const where = { roots: ['/b', '/a'], workingDirectory: '/c' };
    assert.deepEqual((await folderScope(undefined, where, lookup('/a', '/b', '/c'))).folders, ['/b', '/a']);
  });

  it('says which roots are not indexed, and fails when none is', async () => {
    const where = { roots: ['/a', '/new'], workingDirectory: undefined };
    assert.deepEqual(await folderScope(undefined, where, lookup('/a')), {
      folders: ['/a'],
      unindexed: [],
      isKnown: false,
      missing: ['/new is not indexed yet. Call index_directory with path "/new", then call this tool again.'],
    });
    await assert.rejects(
      folderScope(undefined, { ...where, roots: ['/new'] }, lookup('/a')),
      (error: Error) => {
        assert.match(error.message, /"?\/new"? is not indexed yet. Call index_directory with path "\/new"/);
        assert.match(error.message, /Indexed are: "\/a"/);
        return true;
      },
    );
  });

  it('takes the working directory, and never another folder in its place', async () => {
    const where = { roots: [], workingDirectory: '/c/inner' };
    assert.deepEqual((await folderScope(undefined, where, lookup('/a', '/c'))).folders, ['/c/inner']);
    await assert.rejects(folderScope(undefined, where, lookup('/a')), /\/c\/inner is not indexed yet/);
  });

  it('learns nothing from a program that was started in the root or the home folder', async () => {
    for (const workingDirectory of ['/', homedir(), dirname(homedir())]) {
      assert.deepEqual(
        (await folderScope(undefined, { roots: [], workingDirectory }, lookup('/a'))).folders,
        ['/a'],
      );
    }
  });

  it('takes the only folder, and offers the choice among several', async () => {
    assert.deepEqual((await folderScope(undefined, nowhere, lookup('/a'))).folders, ['/a']);
    await assert.rejects(
      folderScope(undefined, nowhere, lookup('/a', '/b')),
      /Name one with "folder": "\/a", "\/b"/,
    );
    await assert.rejects(
      folderScope(undefined, nowhere, lookup()),
      /Nothing is indexed yet. Call index_directory/,
    );
  });

  it('names ten folders at most', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `/folder${index}`);
    await assert.rejects(folderScope(undefined, nowhere, lookup(...many)), /and 30 more \(list_folders/);
  });

  it('counts a relative path from the one open folder', async () => {
    const where = { roots: ['/a'], workingDirectory: undefined };
    assert.deepEqual((await folderScope('src', where, lookup('/a'))).folders, ['/a/src']);
    await assert.rejects(folderScope('src', nowhere, lookup('/a')), /not an absolute path/);
    await assert.rejects(
      folderScope('src', { ...where, roots: ['/a', '/b'] }, lookup('/a')),
      /not an absolute path/,
    );
  });
});

describe('rootPaths', () => {
  it('reads file URIs and leaves out the rest', () => {
    const uris = [
      'file:///a/b%20c',
      'https://example.org/x',
      'file://host/share',
      'nonsense',
      'file:///d/../e/',
    ];
    assert.deepEqual(rootPaths(uris.map((uri) => ({ uri }))), ['/a/b c', '/e']);
  });
});
