// Who calls what in a folder, as TypeScript's language service says: `node typescript.mjs FOLDER SEED COUNT`
// prints a `Callers` of draw.mjs. COUNT functions that have callers are drawn; those drawn on the way that have
// none are kept, too.
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { drawn } from './draw.mjs';

const [given, seed, count] = process.argv.slice(2);
const folder = realpathSync(given);
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && !path.includes('node_modules'))
  .sort()
  .map((path) => join(folder, path));
const options = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.Preserve,
  strict: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  experimentalDecorators: true,
  types: [],
};
const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => files,
  getScriptVersion: () => '1',
  getScriptSnapshot: (file) =>
    ts.sys.fileExists(file) ? ts.ScriptSnapshot.fromString(readFileSync(file, 'utf8')) : undefined,
  getCurrentDirectory: () => folder,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
});

const isFunction = (node) =>
  node !== undefined && (ts.isArrowFunction(node) || ts.isFunctionExpression(node));
/** What the language service counts as a caller, beside the file itself; it leaves out what has no name. */
const isContainer = (node) =>
  ts.isFunctionDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isAccessor(node) ||
  ts.isClassLike(node) ||
  ((ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)) && isFunction(node.initializer));
const isCallable = (node) =>
  ((ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) && node.body !== undefined) ||
  (ts.isVariableDeclaration(node) && isFunction(node.initializer));

const program = service.getProgram();
const containers = {};
const functions = [];
for (const file of files) {
  const source = program.getSourceFile(file);
  const path = relative(folder, file);
  const lineOf = (offset) => source.getLineAndCharacterOfPosition(offset).line + 1;
  const visit = (node) => {
    if (
      isContainer(node) &&
      node.name !== undefined &&
      (ts.isIdentifier(node.name) || ts.isPrivateIdentifier(node.name))
    ) {
      const name = node.name.text;
      const start = lineOf(node.getStart(source));
      (containers[path] ??= []).push([name, start, lineOf(node.end)]);
      if (isCallable(node))
        functions.push({
          path,
          name,
          line: lineOf(node.name.getStart(source)),
          at: node.name.getStart(source),
        });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

function callersOf({ path, at }) {
  const calls = service.provideCallHierarchyIncomingCalls(join(folder, path), at);
  return calls
    .filter(({ from }) => from.file.startsWith(`${folder}/`))
    .map(({ from }) => {
      const isFile =
        from.kind === ts.ScriptElementKind.moduleElement || from.kind === ts.ScriptElementKind.scriptElement;
      const source = program.getSourceFile(from.file);
      const line = source.getLineAndCharacterOfPosition(from.selectionSpan.start).line + 1;
      return {
        path: relative(folder, from.file),
        ...(isFile ? { name: '', line: 0 } : { name: from.name, line }),
      };
    });
}

console.log(
  JSON.stringify({
    tool: `typescript ${ts.version}`,
    containers,
    functions: await drawn(functions, Number(seed), Number(count), callersOf),
  }),
);
