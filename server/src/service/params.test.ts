import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { LanternError } from '../../../shared/src/errors.js';
import { findRelatedParams, folderParams, indexParams, pathParams, searchParams } from './params.js';

function refused(read: () => unknown, message: RegExp): void {
  assert.throws(read, (error: unknown) => {
    assert.ok(error instanceof LanternError);
    assert.equal(error.code, 'bad-request');
    assert.match(error.message, message);
    return true;
  });
}

describe('parameters of requests', () => {
  it('are read, and unknown fields are dropped', () => {
    const given = {
      query: 'q',
      path: '/p',
      limit: 5,
      mode: 'lexical',
      language: 'ts',
      glob: '*.ts',
      wait: true,
    };
    assert.deepEqual(searchParams({ ...given, more: 1 }), given);
    assert.deepEqual(searchParams({ query: 'q' }), { query: 'q' });
    assert.deepEqual(searchParams({ query: 'q', path: null, limit: undefined }), { query: 'q' });
    assert.deepEqual(findRelatedParams({ path: '/p', file: 'a.ts', line: 1, includeOwnFile: false }), {
      path: '/p',
      file: 'a.ts',
      line: 1,
      includeOwnFile: false,
    });
    const related = { path: '/p', file: 'a.ts', line: 1, relation: 'calledBy', steps: 2 };
    assert.deepEqual(findRelatedParams(related), related);
    assert.deepEqual(indexParams({ path: '/p', token: 't', workDoneToken: 3 }), { path: '/p', token: 't' });
    assert.deepEqual(indexParams({ path: '/p', existing: true }), { path: '/p', existing: true });
    assert.deepEqual(indexParams({ path: '/p', force: true, unlessRefused: true }), {
      path: '/p',
      force: true,
      unlessRefused: true,
    });
    assert.deepEqual(folderParams(undefined), {});
    assert.deepEqual(folderParams({ path: '/p' }), { path: '/p' });
    assert.deepEqual(pathParams('remove', { path: '/p' }), { path: '/p' });
  });

  for (const [given, message] of [
    [undefined, /^search: "query" must be a text that is not empty\.$/],
    [null, /"query"/],
    ['text', /parameters must be an object/],
    [[], /parameters must be an object/],
    [{ query: '' }, /"query"/],
    [{ query: ' \n ' }, /"query"/],
    [{ query: 7 }, /"query"/],
    [{ query: 'x'.repeat(200_001) }, /"query" is longer than 200000/],
    [{ query: 'q', limit: 0 }, /"limit" must be a whole number from 1 to 100/],
    [{ query: 'q', limit: 101 }, /"limit"/],
    [{ query: 'q', limit: 1.5 }, /"limit"/],
    [{ query: 'q', limit: '5' }, /"limit"/],
    [{ query: 'q', mode: 'fuzzy' }, /"mode" must be one of hybrid, semantic, lexical/],
    [{ query: 'q', wait: 'yes' }, /"wait" must be true or false/],
    [{ query: 'q', glob: 'x'.repeat(301) }, /"glob" is longer/],
    [{ query: 'q', glob: '*a'.repeat(60) }, /"glob" has too many wildcards/],
    [{ query: 'q', path: '' }, /"path"/],
    [{ query: 'q', path: 'x'.repeat(5000) }, /"path" is longer/],
    [{ query: 'q', language: {} }, /"language"/],
  ] as const) {
    it(`of a search are refused when they are ${inspect(given).slice(0, 40)}`, () => {
      refused(() => searchParams(given), message);
    });
  }

  it('take a query of 100 KB', () => {
    assert.equal(searchParams({ query: 'x'.repeat(100_000) }).query.length, 100_000);
  });

  it('of the others are refused with the name of the request', () => {
    refused(() => findRelatedParams({ path: '/p', file: 'a', line: 0 }), /^findRelated: "line"/);
    refused(() => findRelatedParams({ path: '/p', line: 1 }), /^findRelated: "file"/);
    const place = { path: '/p', file: 'a', line: 1 };
    refused(
      () => findRelatedParams({ ...place, relation: 'calledby' }),
      /"relation" must be one of calls, calledBy/,
    );
    refused(() => findRelatedParams({ ...place, steps: 3 }), /"steps" must be a whole number from 1 to 2/);
    refused(() => indexParams({}), /^index: "path"/);
    refused(() => indexParams({ path: '/p', token: 5 }), /^index: "token"/);
    refused(() => pathParams('remove', { path: [] }), /^remove: "path"/);
    refused(() => folderParams({ path: 1 }), /^folder: "path"/);
  });
});
