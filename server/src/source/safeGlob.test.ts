import assert from 'node:assert/strict';
import picomatch from 'picomatch';
import { isSafeGlob } from './safeGlob.js';

describe('isSafeGlob', () => {
  it('accepts patterns that people write', () => {
    const usual = [
      'src/**',
      '*.ts',
      'src/**/*.{ts,tsx}',
      '**/test/**/*.test.*',
      'a*b*.md',
      '[a-z]?.c',
      '!dist/**',
    ];
    for (const glob of usual) assert.ok(isSafeGlob(glob), glob);
  });

  it('refuses what a hostile name could stall', () => {
    for (const glob of [
      '*a*a*a*a',
      '**/'.repeat(6),
      '+(a|aa)b',
      '*(*(a))b',
      '{x,*a*a*a*a}/y',
      '*a*a/*a*a/*a',
    ])
      assert.ok(!isSafeGlob(glob), glob);
  });

  it('rejects every pattern that takes long', () => {
    for (const glob of ['*a*a*ab', '**/*a*a*a/**/*b', '{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}*b']) {
      assert.ok(isSafeGlob(glob), glob);
      const matches = picomatch(glob, { dot: true });
      const began = performance.now();
      for (const path of ['a'.repeat(200), `${'a'.repeat(60)}/`.repeat(6), 'a/'.repeat(100)])
        assert.ok(!matches(`${path}c`));
      assert.ok(performance.now() - began < 5000, glob);
    }
  });
});
