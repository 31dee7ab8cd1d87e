// Builds what runs outside tests: the client (CommonJS, for VS Code) and the server's programs (ESM, for Node).
// Native and WASM files stay outside the bundles and are found at run time. Usage: node esbuild.mjs [--watch |
// --if-stale]
import { build, context } from 'esbuild';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';

const root = dirname(fileURLToPath(import.meta.url));
process.chdir(root);
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const stamp = 'dist/.built';

/** Entry points, by the name of their file in dist/. */
const entries = {
  lantern: 'server/src/cli/cli.ts',
  daemon: 'server/src/main.ts',
  api: 'server/src/api.ts',
  mochaHooks: 'server/src/mochaHooks.ts',
  chromaMain: 'server/src/vectors/chroma/chromaMain.ts',
  graphWorker: 'server/src/model/graphWorker.ts',
  scanWorker: 'server/src/indexing/threads/scanWorker.ts',
  writeWorker: 'server/src/indexing/threads/writeWorker.ts',
};

function newestChange(path) {
  if (!existsSync(path)) return 0;
  const info = statSync(path);
  if (!info.isDirectory()) return info.mtimeMs;
  return Math.max(info.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))));
}

const sources = ['esbuild.mjs', 'package-lock.json', 'client/src', 'server/src', 'shared/src'];
if (process.argv.includes('--if-stale') && existsSync(stamp)) {
  if (Math.max(...sources.map(newestChange)) <= statSync(stamp).mtimeMs) process.exit(0);
}

/**
 * Of @xenova/transformers only the tokenizers and the Hub's client are used. They run without the libraries that it
 * imports; onnxruntime-node is loaded by the thread of the model alone.
 */
const emptyModules = {
  name: 'empty-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(sharp|onnxruntime-(node|web))$/ }, ({ path, importer }) =>
      importer.includes('@xenova') ? { path, namespace: 'empty' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'export default {};', loader: 'js' }));
  },
};

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Its CommonJS form hides its parts from the bundler.
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  define: { __LANTERN_VERSION__: JSON.stringify(version), __LANTERN_BUILT_AT__: String(Date.now()) },
};

const server = {
  ...common,
  entryPoints: entries,
  outdir: 'dist',
  format: 'esm',
  splitting: true,
  chunkNames: '[name]-[hash]', // beside the entries, so that import.meta.url has the same folder everywhere
  external: ['onnxruntime-node', 'libsql', 'chromadb-js-bindings-*', '@chroma-core/default-embed'],
  plugins: [emptyModules],
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);",
  },
};

const client = {
  ...common,
  entryPoints: { extension: 'client/src/extension.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  external: ['vscode'],
};

/** Writes through a rename, because a daemon may be reading the file, and two builds may run at once. */
function place(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

/**
 * Compresses each grammar's .wasm, because the grammars together have 33 MB, and joins its queries into one file beside
 * it.
 */
function copyGrammars() {
  const table = 'server/src/syntax/grammars.json';
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
  place(
    'dist/grammars/web-tree-sitter.wasm',
    readFileSync('node_modules/web-tree-sitter/web-tree-sitter.wasm'),
  );
  for (const [name, { wasm, tags }] of Object.entries(JSON.parse(readFileSync(table, 'utf8')))) {
    place(
      `dist/grammars/${name}.wasm.br`,
      brotliCompressSync(readFileSync(join('node_modules', wasm)), { params }),
    );
    const queries = tags.map((file) =>
      readFileSync(resolve(file.startsWith('queries/') ? dirname(table) : 'node_modules', file), 'utf8'),
    );
    place(`dist/grammars/${name}.scm`, queries.join('\n'));
  }
}

if (process.argv.includes('--watch')) {
  copyGrammars();
  for (const options of [server, client]) await (await context({ ...options, logLevel: 'info' })).watch();
} else {
  const results = await Promise.all([server, client].map((options) => build({ ...options, write: false })));
  copyGrammars();
  const written = new Set();
  for (const { path, contents } of results.flatMap(({ outputFiles }) => outputFiles)) {
    place(path, contents);
    written.add(path);
  }
  place(stamp, `${version}\n`);
  // A running daemon of an older build may still load a file of it. A plain build removes old files; a start does
  // not.
  if (!process.argv.includes('--if-stale')) {
    for (const name of readdirSync('dist')) {
      if (/\.c?js(\.map)?$/.test(name) && !written.has(resolve('dist', name))) rmSync(join('dist', name));
    }
  }
}
