import type { BuildId } from './handshake.js';

// Set by esbuild.mjs. The compiler's output, which tests run, has neither.
declare const __LANTERN_VERSION__: string | undefined;
declare const __LANTERN_BUILT_AT__: number | undefined;

/** The build of this code. */
export const build: BuildId = {
  version: typeof __LANTERN_VERSION__ === 'string' ? __LANTERN_VERSION__ : '0.0.0',
  builtAt: typeof __LANTERN_BUILT_AT__ === 'number' ? __LANTERN_BUILT_AT__ : 0,
};
