import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Forbids imports that match `patterns`, with the reason that the reader needs. */
const forbid = (...patterns) => ({
  'no-restricted-imports': ['error', { patterns: patterns.map(([group, message]) => ({ group, message })) }],
});

const onnx = [
  ['onnxruntime-node'],
  'Only server/src/model/embeddingSession.ts runs models: go through ModelCache.',
];
const chroma = [
  ['chromadb', '!chromadb/*'],
  'Only server/src/store/chromaStore.ts speaks to Chroma: go through VectorStore.',
];
const vscode = [['vscode'], 'Only client/ imports vscode.'];
const up = (name, ...parts) => [
  parts.map((part) => `**/${part}/**`),
  `${name} does not import ${parts.join(', ')}: see the import directions in docs/architecture.md.`,
];

export default tseslint.config(
  { ignores: ['dist', 'out', 'out-*', 'node_modules', 'test-fixtures', 'corpora', '.bench', '.vscode-test'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./shared/tsconfig.json', './server/tsconfig.json', './client/tsconfig.json'],
      },
    },
    rules: {
      'no-console': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      // A row's type is named where the query is.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
    },
  },
  { files: ['shared/**/*.ts'], rules: forbid(onnx, chroma, vscode, up('shared', 'server', 'client')) },
  { files: ['server/**/*.ts'], rules: forbid(onnx, chroma, vscode, up('server', 'client')) },
  {
    files: ['server/src/store/**/*.ts'],
    rules: forbid(
      onnx,
      chroma,
      vscode,
      up('store', 'client', 'model', 'indexing', 'search', 'daemon', 'mcp'),
    ),
  },
  {
    files: ['server/src/model/**/*.ts'],
    rules: forbid(
      onnx,
      chroma,
      vscode,
      up('model', 'client', 'store', 'indexing', 'search', 'daemon', 'mcp'),
    ),
  },
  {
    files: ['server/src/indexing/**/*.ts'],
    rules: forbid(onnx, chroma, vscode, up('indexing', 'client', 'search', 'daemon', 'mcp')),
  },
  {
    files: ['server/src/search/**/*.ts'],
    rules: forbid(onnx, chroma, vscode, up('search', 'client', 'indexing', 'daemon', 'mcp')),
  },
  {
    files: ['server/src/model/embeddingSession.ts', 'server/src/store/chromaStore.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  { files: ['client/**/*.ts'], rules: forbid(onnx, chroma, up('client', 'server')) },
  {
    files: ['**/*.test.ts', '**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      'no-restricted-imports': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'clearInterval',
          'clearTimeout',
          'console',
          'fetch',
          'performance',
          'process',
          'setInterval',
          'setTimeout',
          'URL',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
);
