import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  currentUid,
  endpointCandidates,
  type EndpointQuery,
  socketAt,
  trustFolder,
  trustedEndpoint,
} from './endpoint.js';
import { LanternError } from '../errors.js';

const linux: EndpointQuery = {
  platform: 'linux',
  env: { XDG_RUNTIME_DIR: '/run/user/1000' },
  uid: 1000,
  homedir: '/home/ada',
  dataDir: '/home/ada/.local/share/lantern',
  protocolVersion: 3,
};
const mac: EndpointQuery = {
  ...linux,
  platform: 'darwin',
  env: { TMPDIR: '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/' },
  uid: 501,
  dataDir: '/Users/ada/Library/Application Support/lantern',
};
const windows: EndpointQuery = {
  ...linux,
  platform: 'win32',
  env: { USERDOMAIN: 'OFFICE', USERNAME: 'Ada' },
  uid: -1,
  homedir: 'C:\\Users\\Ada',
  dataDir: 'C:\\Users\\Ada\\AppData\\Local\\lantern',
};

/** The endpoint that is tried first. */
const endpointPath = (query: EndpointQuery): string => endpointCandidates(query)[0] ?? '';

describe('the endpoint', () => {
  it('is in the runtime folder on Linux, and names the protocol', () => {
    assert.match(endpointPath(linux), /^\/run\/user\/1000\/lantern\/[0-9a-f]{12}-v3\.sock$/);
  });

  it('is in a per-user folder under /tmp without a usable XDG_RUNTIME_DIR, whatever TMPDIR says', () => {
    for (const env of [
      {},
      { XDG_RUNTIME_DIR: '' },
      { XDG_RUNTIME_DIR: 'relative' },
      { TMPDIR: '/nix/shell' },
    ]) {
      assert.match(endpointPath({ ...linux, env }), /^\/tmp\/lantern-1000\/[0-9a-f]{12}-v3\.sock$/);
    }
  });

  it('is in the private temporary folder on macOS', () => {
    assert.match(endpointPath(mac), /^\/var\/folders\/.*\/T\/lantern-501\/[0-9a-f]{12}-v3\.sock$/);
    assert.match(endpointPath({ ...mac, env: {} }), /^\/tmp\/lantern-501\//);
  });

  it('is a pipe on Windows, the same in any case', () => {
    const path = endpointPath(windows);
    assert.match(path, /^\\\\\.\\pipe\\lantern-[0-9a-f]{12}-v3$/);
    const shouted = {
      ...windows,
      env: { USERDOMAIN: 'office', USERNAME: 'ADA' },
      dataDir: windows.dataDir.toUpperCase(),
    };
    assert.equal(endpointPath(shouted), path);
    assert.notEqual(endpointPath({ ...windows, env: { ...windows.env, USERNAME: 'Bob' } }), path);
  });

  it('differs between data folders and users, and not by how the folder is written', () => {
    for (const query of [linux, mac, windows]) {
      assert.notEqual(endpointPath({ ...query, dataDir: `${query.dataDir}2` }), endpointPath(query));
    }
    assert.equal(endpointPath({ ...linux, dataDir: `${linux.dataDir}/` }), endpointPath(linux));
    assert.notEqual(endpointPath({ ...linux, env: {}, uid: 1001 }), endpointPath({ ...linux, env: {} }));
  });

  it('stays under 103 bytes with long paths, in bytes and not characters', () => {
    const long = `/home/${'é'.repeat(200)}`;
    for (const platform of ['linux', 'darwin'] as const) {
      for (const env of [
        { XDG_RUNTIME_DIR: long, TMPDIR: long },
        { XDG_RUNTIME_DIR: `/${'é'.repeat(40)}` },
      ]) {
        const query = { ...linux, platform, env, homedir: long, dataDir: long, uid: 4294967294 };
        for (const path of endpointCandidates(query)) assert.ok(Buffer.byteLength(path) < 103, path);
        assert.match(endpointPath(query), /^\/tmp\/lantern-4294967294\//);
      }
    }
  });

  it('has the data folder as the last resort', () => {
    assert.match(endpointCandidates({ ...linux, dataDir: '/d' }).at(-1) ?? '', /^\/d\/run\//);
  });
});

(process.platform === 'win32' ? describe.skip : describe)('trust in the endpoint', () => {
  const uid = currentUid();
  let dir: string;
  const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ln-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('makes a missing folder for the user alone', async () => {
    await trustFolder(join(dir, 'run'), uid, 'create');
    assert.equal(await modeOf(join(dir, 'run')), 0o700);
    await trustFolder(join(dir, 'run'), uid, 'fail');
  });

  it('closes a folder of ours that is open to others', async () => {
    await mkdir(join(dir, 'run'));
    await chmod(join(dir, 'run'), 0o777);
    await trustFolder(join(dir, 'run'), uid, 'fail');
    assert.equal(await modeOf(join(dir, 'run')), 0o700);
  });

  it('refuses what is not a folder of the user, and says which', async () => {
    await mkdir(join(dir, 'real'));
    await symlink(join(dir, 'real'), join(dir, 'link'));
    await writeFile(join(dir, 'file'), '');
    await assert.rejects(
      trustFolder(join(dir, 'real'), uid + 1, 'create'),
      /real belongs to user \d+, not to you/,
    );
    await assert.rejects(trustFolder(join(dir, 'link'), uid, 'create'), /link is not a folder/);
    await assert.rejects(trustFolder(join(dir, 'file'), uid, 'create'), /file is not a folder/);
    await chmod(join(dir, 'real'), 0o777);
    await assert.rejects(trustFolder(join(dir, 'real', 'run'), uid, 'create'), /other users may rename it/);
  });

  it('takes the next place where the first cannot be had', async () => {
    const query: EndpointQuery = {
      ...linux,
      platform: 'darwin',
      uid,
      dataDir: join(dir, 'data'),
      env: { XDG_RUNTIME_DIR: join(dir, 'gone'), TMPDIR: dir },
    };
    assert.equal(await trustedEndpoint(query), endpointCandidates(query)[1]);
    await rm(join(dir, `lantern-${uid}`), { recursive: true });
    await writeFile(join(dir, `lantern-${uid}`), 'in the way');
    assert.notEqual(await trustedEndpoint(query), endpointCandidates(query)[1]);
  });

  it('refuses a file that is not a socket', async () => {
    const path = join(dir, 'x.sock');
    assert.equal(await socketAt(path, uid), 'missing');
    await writeFile(path, 'precious');
    await assert.rejects(
      socketAt(path, uid),
      (error) => error instanceof LanternError && error.message.includes('not a socket'),
    );
  });
});
