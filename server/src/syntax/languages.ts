/** Plain id such as `typescript`. A language with a grammar has the grammar's name in `grammars.json`. */
export type LanguageId = string;

const byExtension: Readonly<Record<string, string>> = {
  typescript: 'ts mts cts',
  tsx: 'tsx',
  javascript: 'js mjs cjs jsx es6',
  python: 'py pyi pyw pyx',
  go: 'go',
  rust: 'rs',
  java: 'java',
  c: 'c',
  cpp: 'cpp cc cxx c++ hpp hh hxx h++ ipp inl tpp cu cuh ino',
  csharp: 'cs csx',
  ruby: 'rb rake gemspec ru podspec',
  php: 'php phtml php5 inc',
  kotlin: 'kt kts',
  scala: 'scala sc sbt',
  lua: 'lua',
  haskell: 'hs',
  elixir: 'ex exs',
  zig: 'zig zon',
  bash: 'sh bash zsh ksh bats',
  html: 'html htm xhtml',
  css: 'css',
  json: 'json jsonc json5 webmanifest geojson code-workspace',
  yaml: 'yaml yml',
  toml: 'toml',
  markdown: 'md markdown mdx mkd mkdn mdown mdwn qmd rmd livemd',
  ada: 'adb ads',
  asm: 'asm s',
  clojure: 'clj cljs cljc edn',
  cmake: 'cmake',
  crystal: 'cr',
  csv: 'csv tsv',
  dart: 'dart',
  dockerfile: 'dockerfile',
  elm: 'elm',
  erlang: 'erl hrl',
  fish: 'fish',
  fortran: 'f f90 f95 f03',
  fsharp: 'fs fsi fsx',
  gdscript: 'gd',
  gleam: 'gleam',
  gradle: 'gradle',
  graphql: 'graphql gql',
  groovy: 'groovy',
  hcl: 'tf tfvars hcl',
  ini: 'ini cfg conf properties editorconfig',
  julia: 'jl',
  latex: 'tex sty',
  less: 'less',
  lisp: 'lisp el scm rkt',
  make: 'mk mak',
  nim: 'nim',
  nix: 'nix',
  notebook: 'ipynb',
  objectivec: 'm mm',
  ocaml: 'ml mli',
  pascal: 'pas pp',
  perl: 'pl pm t',
  powershell: 'ps1 psm1 psd1',
  prisma: 'prisma',
  proto: 'proto',
  r: 'r',
  restructuredtext: 'rst',
  scss: 'scss sass',
  solidity: 'sol',
  sql: 'sql',
  starlark: 'bzl star',
  svelte: 'svelte',
  swift: 'swift',
  vb: 'vb',
  verilog: 'v sv vh',
  vhdl: 'vhd vhdl',
  vim: 'vim',
  vue: 'vue',
  wgsl: 'wgsl glsl hlsl vert frag',
  xml: 'xml xsd xsl svg plist csproj props targets xaml',
};

const byFileName: Readonly<Record<string, string>> = {
  bash: '.bashrc .bash_profile .profile .zshrc .zprofile pkgbuild',
  cmake: 'cmakelists.txt',
  dockerfile: 'dockerfile containerfile',
  gomod: 'go.mod go.work',
  ignore: '.gitignore .dockerignore .npmignore .lanternignore',
  ini: '.gitconfig .npmrc .gitmodules',
  javascript: 'jakefile',
  json: '.babelrc .eslintrc .prettierrc composer.lock',
  make: 'makefile gnumakefile',
  python: 'sconstruct sconscript wscript',
  ruby: 'rakefile gemfile vagrantfile podfile fastfile brewfile guardfile',
  starlark: 'build workspace build.bazel',
  toml: 'cargo.lock pipfile poetry.lock',
  xml: 'pom.xml',
};

const byInterpreter: Readonly<Record<string, string>> = {
  bash: 'sh bash zsh ksh dash ash bats',
  elixir: 'elixir',
  fish: 'fish',
  haskell: 'runhaskell stack',
  javascript: 'node nodejs bun',
  lua: 'lua luajit',
  perl: 'perl',
  php: 'php',
  powershell: 'pwsh',
  python: 'python pypy uv',
  r: 'rscript',
  ruby: 'ruby jruby',
  scala: 'scala amm',
  typescript: 'ts-node tsx deno',
};

/** Other names that people use for a language, besides its id and extensions. */
const aliases: Readonly<Record<string, readonly LanguageId[]>> = {
  ts: ['typescript', 'tsx'],
  typescript: ['typescript', 'tsx'],
  typescriptreact: ['tsx'],
  javascriptreact: ['javascript'],
  node: ['javascript'],
  python3: ['python'],
  golang: ['go'],
  'c#': ['csharp'],
  dotnet: ['csharp', 'fsharp', 'vb'],
  'f#': ['fsharp'],
  h: ['c', 'cpp'],
  shell: ['bash', 'fish'],
  shellscript: ['bash'],
  docker: ['dockerfile'],
  makefile: ['make'],
  terraform: ['hcl'],
  protobuf: ['proto'],
  'objective-c': ['objectivec'],
  jupyter: ['notebook'],
  txt: ['text'],
  plaintext: ['text'],
  rest: ['restructuredtext'],
};

function invert(table: Readonly<Record<string, string>>): ReadonlyMap<string, LanguageId> {
  const keys = new Map<string, LanguageId>();
  for (const [language, names] of Object.entries(table)) {
    for (const name of names.split(' ')) keys.set(name, language);
  }
  return keys;
}

const extensions = invert(byExtension);
const fileNames = invert(byFileName);
const interpreters = invert(byInterpreter);
const languages: ReadonlySet<LanguageId> = new Set([
  ...Object.keys(byExtension),
  ...Object.keys(byFileName),
  'text',
]);

/** Words and forms at the start of a line that only C++ has, and a C header does not. */
const cppInHeader =
  /^[ \t]*(?:class\s+\w+[^;]*$|namespace\b|template\s*<|using\s+\w|public:|private:|protected:|#include\s*<(?:string|vector|memory|map|functional|iostream|cstd\w+)>)/m;
/** What only headers of Objective-C have. */
const objectiveCInHeader = /^[ \t]*(?:@(?:interface|protocol|class|import)\b|NS_ASSUME_NONNULL_BEGIN)/m;
/** A header for both languages guards its one C++ line. That line does not make it C++. */
const cppGuard = /#\s*if(?:def\s+__cplusplus|\s+defined\s*\(?\s*__cplusplus)[\s\S]*?#\s*endif/g;

/**
 * The language of a file by its name and extension, and otherwise by `head`: its first line, or more of its text.
 * `text` when nothing is known.
 */
export function languageOf(path: string, head = ''): LanguageId {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1).toLowerCase();
  const known = fileNames.get(name);
  if (known !== undefined) return known;
  if (/^(?:dockerfile|containerfile)\./.test(name)) return 'dockerfile';
  if (/^\.env(?:\.|$)/.test(name)) return 'ini';

  const dot = name.lastIndexOf('.');
  const extension = dot > 0 ? name.slice(dot + 1) : '';
  if (extension === 'h') {
    if (objectiveCInHeader.test(head)) return 'objectivec';
    return cppInHeader.test(head.replace(cppGuard, '')) ? 'cpp' : 'c';
  }
  return extensions.get(extension) ?? languageOfShebang(head) ?? 'text';
}

function languageOfShebang(head: string): LanguageId | undefined {
  // Both `#!/usr/bin/env -S VAR=1 python3.11 -u` and `#!/bin/sh -e` give one program name.
  const line = /^\uFEFF?#!\s*([^\r\n]+)/.exec(head)?.[1];
  if (line === undefined) return undefined;
  for (const word of line.split(/\s+/)) {
    const program = word.slice(word.lastIndexOf('/') + 1).toLowerCase();
    if (program === 'env' || program === '' || /^-|=/.test(program)) continue;
    return interpreters.get(program) ?? interpreters.get(program.replace(/[\d.]+$/, ''));
  }
  return undefined;
}

/** The languages that a person means by `alias` (id, extension or common name); empty when there is none. */
export function resolveLanguage(alias: string): readonly LanguageId[] {
  const key = alias.trim().toLowerCase().replace(/^\./, '');
  const named = Object.hasOwn(aliases, key) ? aliases[key] : undefined;
  if (named) return named;
  if (languages.has(key)) return [key];
  const language = extensions.get(key) ?? interpreters.get(key);
  return language === undefined ? [] : [language];
}
