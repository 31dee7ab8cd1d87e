// Who calls what in a folder of Python, as pyright's language server says: `node pyright.mjs FOLDER SEED COUNT`
// prints a `Callers` of draw.mjs, as typescript.mjs does.
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { drawn } from './draw.mjs';

const [given, seed, count] = process.argv.slice(2);
const folder = realpathSync(given);
const require = createRequire(import.meta.url);
const manifest = require.resolve('pyright/package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
const server = spawn(process.execPath, [join(dirname(manifest), 'langserver.index.js'), '--stdio'], {
  stdio: ['pipe', 'pipe', 'ignore'],
});

const waiting = new Map();
let last = 0;
function send(message) {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
const request = (method, params) =>
  new Promise((settle, reject) => {
    waiting.set(++last, { settle, reject });
    send({ id: last, method, params });
  });

let buffer = Buffer.alloc(0);
server.stdout.on('data', (data) => {
  buffer = Buffer.concat([buffer, data]);
  for (;;) {
    const end = buffer.indexOf('\r\n\r\n');
    const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, Math.max(0, end)))?.[1]);
    if (end < 0 || buffer.length < end + 4 + length) return;
    const message = JSON.parse(buffer.subarray(end + 4, end + 4 + length));
    buffer = buffer.subarray(end + 4 + length);
    if (message.method !== undefined) {
      // It asks for settings and for progress bars.
      if (message.id !== undefined)
        send({
          id: message.id,
          result: message.method === 'workspace/configuration' ? message.params.items.map(() => ({})) : null,
        });
    } else {
      const { settle, reject } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error === undefined) settle(message.result);
      else reject(new Error(message.error.message));
    }
  }
});

const rootUri = pathToFileURL(folder).href;
await request('initialize', {
  processId: process.pid,
  rootUri,
  workspaceFolders: [{ uri: rootUri, name: 'folder' }],
  capabilities: {
    workspace: { configuration: true, workspaceFolders: true },
    textDocument: { documentSymbol: { hierarchicalDocumentSymbolSupport: true }, callHierarchy: {} },
  },
});
send({ method: 'initialized', params: {} });

const kinds = { class: 5, method: 6, constructor: 9, function: 12 };
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.py'))
  .sort();
const containers = {};
const functions = [];
for (const path of files) {
  const uri = pathToFileURL(join(folder, path)).href;
  const text = readFileSync(join(folder, path), 'utf8');
  send({
    method: 'textDocument/didOpen',
    params: { textDocument: { uri, languageId: 'python', version: 1, text } },
  });
  const visit = ({ name, kind, range, selectionRange, children = [] }) => {
    if (Object.values(kinds).includes(kind)) {
      (containers[path] ??= []).push([name, range.start.line + 1, range.end.line + 1]);
      // A call of `__init__` is a call of its class.
      if (kind !== kinds.class && !/^__\w+__$/.test(name))
        functions.push({ path, name, line: selectionRange.start.line + 1, position: selectionRange.start });
    }
    children.forEach(visit);
  };
  (await request('textDocument/documentSymbol', { textDocument: { uri } })).forEach(visit);
  send({ method: 'textDocument/didClose', params: { textDocument: { uri } } });
}

async function callersOf({ path, position }) {
  const textDocument = { uri: pathToFileURL(join(folder, path)).href };
  const [item] = (await request('textDocument/prepareCallHierarchy', { textDocument, position })) ?? [];
  if (item === undefined) return [];
  const calls = (await request('callHierarchy/incomingCalls', { item })) ?? [];
  return calls
    .filter(({ from }) => from.uri.startsWith(`${rootUri}/`))
    .map(({ from }) => {
      const isFile = !Object.values(kinds).includes(from.kind);
      const place = isFile
        ? { name: '', line: 0 }
        : { name: from.name, line: from.selectionRange.start.line + 1 };
      return { path: relative(folder, fileURLToPath(from.uri)), ...place };
    });
}

const result = {
  tool: `pyright ${version}`,
  containers,
  functions: await drawn(functions, Number(seed), Number(count), callersOf),
};
server.kill();
console.log(JSON.stringify(result));
