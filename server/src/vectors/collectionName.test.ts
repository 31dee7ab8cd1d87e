import assert from 'node:assert/strict';
import { collectionName } from './collectionName.js';

describe('collectionName', () => {
  const valid = /^[a-zA-Z0-9][a-zA-Z0-9_-]{1,61}[a-zA-Z0-9]$/;

  it('is a valid name whatever the folder is called', () => {
    for (const folder of [
      '/home/me/app',
      '/',
      '/a/日本語',
      '/a/it\'s "x" & y',
      `/a/${'long'.repeat(100)}`,
      'C:\\x\\y',
    ]) {
      assert.match(collectionName(folder, 'Xenova/all-MiniLM-L6-v2@main/int8'), valid);
    }
  });

  it('differs by folder, model and owner, and by nothing else', () => {
    const names = [
      collectionName('/a/app', 'm'),
      collectionName('/b/app', 'm'),
      collectionName('/a/app', 'n'),
      collectionName('/a/app', 'm', 'owner'),
    ];
    assert.equal(new Set(names).size, names.length);
    assert.equal(collectionName('/a/app', 'm'), collectionName('/a/app', 'm'));
  });

  it('cannot be confused by where folder and model meet', () => {
    assert.notEqual(collectionName('/a/b', 'c'), collectionName('/a/', 'bc'));
  });
});
