import assert from 'node:assert/strict';
import { languageOf, resolveLanguage } from './languages.js';

describe('languageOf', () => {
  const cases: readonly [path: string, language: string, head?: string][] = [
    ['src/a.ts', 'typescript'],
    ['src/a.d.mts', 'typescript'],
    ['src/A.TSX', 'tsx'],
    ['a.jsx', 'javascript'],
    ['deep/er/x.py', 'python'],
    ['x.cs', 'csharp'],
    ['x.hpp', 'cpp'],
    ['README.md', 'markdown'],
    ['Dockerfile', 'dockerfile'],
    ['docker/Dockerfile.dev', 'dockerfile'],
    ['Makefile', 'make'],
    ['Gemfile', 'ruby'],
    ['go.mod', 'gomod'],
    ['Cargo.lock', 'toml'],
    ['a.sql', 'sql'],
    ['a.vue', 'vue'],
    ['a.swift', 'swift'],
    ['.gitignore', 'ignore'],
    ['.hidden', 'text'],
    ['LICENSE', 'text'],
    ['constructor', 'text'],
    ['a.constructor', 'text'],
    ['dir.py/file', 'text'],
    ['dir.py\\file.rs', 'rust'],
    ['run', 'bash', '#!/bin/sh -e\n'],
    ['run', 'python', '#!/usr/bin/env -S PYTHONPATH=. python3.11 -u\nimport os\n'],
    ['run', 'javascript', '\uFEFF#!/usr/bin/env node\r\n'],
    ['run', 'text', '#!/usr/bin/env unheard-of\n'],
    ['run', 'text', '#!\n'],
    ['run.rb', 'ruby', '#!/bin/sh\n'],
    ['a.h', 'c', '#ifndef A_H\nstruct a { int class_count; };\n'],
    ['a.h', 'c', '#ifdef __cplusplus\nextern "C" {\nnamespace x {}\n#endif\nint f(void);\n'],
    ['a.h', 'cpp', '#pragma once\nnamespace geo {\nclass Box;\n}\n'],
    ['a.h', 'cpp', '#include <string>\nint f();\n'],
    ['a.h', 'cpp', 'template <class T>\nT f();\n'],
    ['a.h', 'c'],
  ];
  for (const [path, language, head] of cases) {
    it(`takes ${path}${head === undefined ? '' : ` with ${JSON.stringify(head.slice(0, 30))}`} for ${language}`, () => {
      assert.equal(languageOf(path, head), language);
    });
  }
});

describe('resolveLanguage', () => {
  const cases: readonly [alias: string, languages: readonly string[]][] = [
    ['ts', ['typescript', 'tsx']],
    ['TypeScript', ['typescript', 'tsx']],
    ['tsx', ['tsx']],
    ['js', ['javascript']],
    ['.py', ['python']],
    ['c++', ['cpp']],
    ['c#', ['csharp']],
    ['cs', ['csharp']],
    ['sh', ['bash']],
    ['md', ['markdown']],
    ['golang', ['go']],
    ['rs', ['rust']],
    [' kt ', ['kotlin']],
    ['yml', ['yaml']],
    ['h', ['c', 'cpp']],
    ['text', ['text']],
    ['sql', ['sql']],
    ['klingon', []],
    ['constructor', []],
    ['', []],
  ];
  for (const [alias, languages] of cases) {
    it(`takes "${alias}" for ${languages.join(', ') || 'nothing'}`, () => {
      assert.deepEqual(resolveLanguage(alias), languages);
    });
  }

  it('knows every id by its own name', () => {
    for (const language of new Set(cases.flatMap(([, ids]) => ids)))
      assert.ok(resolveLanguage(language).includes(language), language);
  });
});
