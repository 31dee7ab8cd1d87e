import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist',
      'dist-npm',
      'dist-mcpb',
      'dist-release',
      'dist-vsix',
      'out',
      'out-*',
      'node_modules',
      'test-fixtures',
      'corpora',
      '.bench',
      '.vscode-test',
    ],
  },
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
  {
    // docs/security.md: nothing that is read becomes a program, and no shell reads what others wrote.
    files: ['{server,shared,client}/src/**/*.ts', 'client/media/**/*.js'],
    rules: {
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-script-url': 'error',
      'no-restricted-globals': [
        'error',
        ...['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'].map((name) => ({
          name,
          message: 'Nothing leaves the machine but through chromadb and the Hub, for what the user names.',
        })),
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:vm', message: 'Nothing that is read becomes a program.' },
            {
              name: 'node:child_process',
              importNames: ['exec', 'execSync', 'default'],
              message: 'They start a shell. Take spawn or execFile with a list of arguments.',
            },
            ...['http', 'https', 'vm', 'child_process'].map((name) => ({
              name,
              message: 'Import it with node:, so that these rules see it.',
            })),
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector:
            "CallExpression[callee.name=/^(spawn|spawnSync|execFile|execFileSync|fork)$/] Property[key.name='shell']",
          message: 'No shell: pass a list of arguments.',
        },
        {
          selector: 'AssignmentExpression[left.property.name=/^(innerHTML|outerHTML)$/]',
          message: 'Use text nodes.',
        },
        {
          selector: "AssignmentExpression[left.property.name='supportHtml']",
          message: 'No HTML from names and code.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // Tests ask servers that they started themselves.
      'no-restricted-globals': 'off',
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
