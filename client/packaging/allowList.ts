import { nativeFolder } from './contents.js';
import type { Entry } from './files.js';
import { nativeFile } from './nativeFile.js';
import type { Target } from './targets.js';

/** A kind of package: what may and must be in it besides what runs. */
export interface Form {
  readonly allowed: readonly RegExp[];
  readonly needed: readonly string[];
}

export const vsixForm: Form = {
  allowed: [
    /^(README|CHANGELOG)\.md$/,
    /^dist\/((api|mochaHooks)\.js|extension\.cjs)$/,
    /^client\/media\/([\w-]+\.(svg|css|js|png)|walkthrough\/[\w-]+\.(md|svg|png))$/,
    /^client\/plugin\/(skills\/[\w-]+\/SKILL|instructions\/[\w-]+\.instructions)\.md$/,
    /^docs\/images\/[\w-]+\.png$/,
  ],
  needed: ['dist/extension.cjs'],
};

export const mcpbForm: Form = {
  allowed: [/^(manifest\.json|icon\.png)$/, /^bin\/(node(\.exe)?|LICENSE)$/],
  needed: ['manifest.json', 'icon.png', 'bin/LICENSE'],
};

/**
 * Everything that runs, by path. It is separate from the rules that choose files, so that it notices a change there
 * that includes too much.
 */
const allowed: readonly RegExp[] = [
  /^(package\.json|LICENSE|NOTICE)$/,
  /^dist\/(lantern|daemon|chromaMain|graphWorker|scanWorker|writeWorker|[\w]+-[A-Z0-9]{8})\.js$/,
  /^dist\/runtime\.json$/,
  /^dist\/grammars\/(web-tree-sitter\.wasm|[\w-]+\.(wasm\.br|scm))$/,
  /^models\/README\.md$/,
  /^models\/all-MiniLM-L6-v2\/(config|golden|special_tokens_map|tokenizer|tokenizer_config)\.json$/,
  /^models\/all-MiniLM-L6-v2\/onnx\/(model|model_int8)\.onnx$/,
  /^dist\/node_modules\/onnxruntime-node\/(package\.json|dist\/(backend|binding|index|version)\.js)$/,
  /^dist\/node_modules\/onnxruntime-node\/bin\/napi-v6\/\w+\/\w+\/(onnxruntime_binding\.node|onnxruntime\.dll)$/,
  /^dist\/node_modules\/onnxruntime-node\/bin\/napi-v6\/\w+\/\w+\/libonnxruntime\.(so\.1|1\.dylib)$/,
  /^dist\/node_modules\/onnxruntime-common\/(package\.json|dist\/cjs\/(package\.json|[\w-]+\.js))$/,
  /^dist\/node_modules\/libsql\/(package\.json|LICENSE|(auth|index|promise|sqlite-error)\.js)$/,
  /^dist\/node_modules\/@neon-rs\/load\/(package\.json|LICENSE|dist\/index\.js)$/,
  /^dist\/node_modules\/detect-libc\/(package\.json|LICENSE|lib\/(detect-libc|filesystem|process)\.js)$/,
  /^dist\/node_modules\/@libsql\/[\w-]+\/(package\.json|index\.node)$/,
  /^dist\/node_modules\/chromadb-js-bindings-[\w-]+\/(package\.json|chromadb-js-bindings\.[\w-]+\.node)$/,
];

/** Nothing runs without these. */
const needed: readonly string[] = [
  'package.json',
  'LICENSE',
  'NOTICE',
  'dist/daemon.js',
  'dist/lantern.js',
  'dist/chromaMain.js',
  'dist/graphWorker.js',
  'dist/scanWorker.js',
  'dist/writeWorker.js',
  'dist/runtime.json',
  'dist/grammars/web-tree-sitter.wasm',
  'dist/grammars/typescript.wasm.br',
  'dist/grammars/typescript.scm',
  'models/all-MiniLM-L6-v2/golden.json',
  'models/all-MiniLM-L6-v2/tokenizer.json',
  'models/all-MiniLM-L6-v2/onnx/model_int8.onnx',
];

/** The model does not run without these. */
const neededByModel: readonly string[] = [
  `${nativeFolder}onnxruntime-node/package.json`,
  `${nativeFolder}onnxruntime-common/dist/cjs/index.js`,
];

const nativeName = /\.(node|dll|dylib|so(\.\d+)*)$/;

/** Faults in the files of a package, one sentence each; empty when there are none. */
export function faults(entries: readonly Entry[], target: Target, form = vsixForm): string[] {
  const patterns = [...allowed, ...form.allowed];
  const found: string[] = [];
  const paths = new Set(entries.map(({ path }) => path));
  const natives = (part: RegExp): number => [...paths].filter((path) => part.test(path)).length;
  for (const { path, bytes } of entries) {
    if (!patterns.some((pattern) => pattern.test(path))) found.push(`${path} is not on the allow-list.`);
    const native = nativeFile(bytes);
    if (native !== undefined && (native.os !== target.os || native.cpu !== target.cpu)) {
      found.push(`${path} is for ${native.os}-${native.cpu}, not for ${target.name}.`);
    }
    if (nativeName.test(path) && native === undefined) found.push(`${path} is no native library.`);
  }
  const runs = target.onnxruntime;
  for (const path of [...needed, ...form.needed, ...(runs ? neededByModel : [])]) {
    if (!paths.has(path)) found.push(`${path} is missing.`);
  }
  const expected: readonly (readonly [RegExp, number])[] = [
    [/onnxruntime_binding\.node$/, runs ? 1 : 0],
    [/(libonnxruntime\.so\.1|libonnxruntime\.1\.dylib|onnxruntime\.dll)$/, runs ? 1 : 0],
    [/^dist\/node_modules\/@libsql\/.*\.node$/, 1],
    [/^dist\/node_modules\/chromadb-js-bindings-.*\.node$/, 1],
    [/\/model\.onnx$/, target.graphs.includes('model.onnx') ? 1 : 0],
  ];
  for (const [part, count] of expected) {
    if (natives(part) !== count)
      found.push(`${natives(part)} files match ${part.source}; it should be ${count}.`);
  }
  return found;
}
