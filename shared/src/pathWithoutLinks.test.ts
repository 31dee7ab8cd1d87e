import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathWithoutLinks } from './pathWithoutLinks.js';

describe('pathWithoutLinks', () => {
  let root: string;
  before(() => {
    root = realpathSync.native(mkdtempSync(join(tmpdir(), 'lantern-links-')));
    mkdirSync(join(root, 'real', 'inner'), { recursive: true });
    symlinkSync(join(root, 'real'), join(root, 'link'), 'junction');
  });
  after(() => rmSync(root, { recursive: true }));

  const failing = (code: string) => (): never => {
    throw Object.assign(new Error(code), { code });
  };

  it('follows links', () => {
    assert.equal(pathWithoutLinks(join(root, 'link', 'inner')), join(root, 'real', 'inner'));
  });

  it('follows them on Windows too where the system cannot name the real path', () => {
    for (const code of ['EISDIR', 'UNKNOWN'])
      assert.equal(
        pathWithoutLinks(join(root, 'link', 'inner'), failing(code), 'win32'),
        join(root, 'real', 'inner'),
      );
  });

  it('fails for what does not exist, and elsewhere for what the system cannot name', () => {
    assert.throws(() => pathWithoutLinks(join(root, 'none')), { code: 'ENOENT' });
    assert.throws(() => pathWithoutLinks(root, failing('ENOENT'), 'win32'), { code: 'ENOENT' });
    assert.throws(() => pathWithoutLinks(root, failing('EACCES'), 'linux'), { code: 'EACCES' });
  });
});
