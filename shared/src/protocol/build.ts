import type { BuildId } from './handshake.js';

// Set by esbuild.mjs; the compiler's own output, which tests run, has neither.
declare const __LANTERN_VERSION__: string | undefined;
declare const __LANTERN_BUILT_AT__: number | undefined;

/** Which build this code belongs to. */
export const build: BuildId = {
  version: typeof __LANTERN_VERSION__ === 'string' ? __LANTERN_VERSION__ : '0.0.0',
  builtAt: typeof __LANTERN_BUILT_AT__ === 'number' ? __LANTERN_BUILT_AT__ : 0,
};
