import assert from 'node:assert/strict';
import { complete, hintFor, parseFilters } from './filters.js';

describe('search filters', () => {
  it('takes filters out of the query wherever they stand', () => {
    assert.deepEqual(parseFilters('lang:ts merge two carts in:app path:src/**'), {
      text: 'merge two carts',
      language: 'ts',
      glob: 'src/**',
      folder: 'app',
    });
  });

  it('takes a group of folders, and all', () => {
    assert.deepEqual(parseFilters('merge carts group:shop'), { text: 'merge carts', group: 'shop' });
    assert.deepEqual(parseFilters('group:* merge carts'), { text: 'merge carts', group: '*' });
    assert.deepEqual(hintFor('carts group:')?.name, 'group');
  });

  it('leaves words alone that only look like filters', () => {
    assert.equal(
      parseFilters('what main:loop does, or std::path::join').text,
      'what main:loop does, or std::path::join',
    );
    assert.equal(parseFilters('redirect http://host/in:x').text, 'redirect http://host/in:x');
  });

  it('reads quoted values, and drops a filter that has no value yet', () => {
    assert.deepEqual(parseFilters('in:"app (TypeScript)" session'), {
      text: 'session',
      folder: 'app (TypeScript)',
    });
    assert.deepEqual(parseFilters('session lang:'), { text: 'session' });
    assert.deepEqual(parseFilters('session in:"'), { text: 'session' });
  });

  it('takes a folder in path: as all that is below it, and a file as itself', () => {
    assert.equal(parseFilters('x path:src/').glob, 'src/**');
    assert.equal(parseFilters('x path:payments').glob, '{payments,payments/**,**/payments/**}');
    assert.equal(parseFilters('x path:cart.ts').glob, 'cart.ts');
    assert.equal(parseFilters('x path:**/*.py').glob, '**/*.py');
  });

  it('hints at the filter that is being typed, and completes it', () => {
    const hint = hintFor('merge carts lang:ty');
    assert.deepEqual(hint, { name: 'lang', value: 'ty', before: 'merge carts ' });
    assert.equal(complete(hint, 'typescript'), 'merge carts lang:typescript ');
    assert.equal(complete(hintFor('in:')!, 'app (x)'), 'in:"app (x)" ');
    assert.equal(hintFor('lang:ts carts'), undefined);
    assert.equal(hintFor('main:loop'), undefined);
  });
});
