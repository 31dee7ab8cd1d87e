// Import directions, by room. `npm run boundaries` checks them on the TypeScript sources, type imports included.
// docs/architecture.md draws the same picture.

/** The rooms of the server from top to bottom. A room imports from those below its own line, and from `shared`. */
const layers = [
  ['cli'],
  ['daemon'],
  ['mcp'],
  ['service'],
  ['indexing', 'search'],
  ['vectors', 'model'],
  ['catalog'],
  ['lexical'],
  ['chunking'],
  ['syntax'],
  ['source'],
];

const server = (rooms) => `^server/src/(${rooms.join('|')})/`;

/** For each room: it imports neither its neighbours on the same line nor a room above. */
const directions = layers.flatMap((line, depth) =>
  line.map((room) => ({
    name: `server-${room}`,
    comment: `${room}/ imports only rooms below it: see "Import directions" in docs/architecture.md.`,
    severity: 'error',
    // A test may build what it needs from any room.
    from: { path: server([room]), pathNot: '\\.test\\.ts$' },
    to: {
      path: server([...layers.slice(0, depth).flat(), ...line.filter((other) => other !== room)]),
    },
  })),
);

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    ...directions,
    forbid('no-circular', 'No circle of files, type imports included.', {}, { circular: true }),
    forbid(
      'known-rooms',
      'A new room of the server has its place in the layers of .dependency-cruiser.mjs.',
      { path: '^server/src/[^/]+/', pathNot: server(layers.flat()) },
      {},
    ),
    forbid(
      'model-alone',
      'model/ knows nothing of files, chunks or the catalog.',
      { path: '^server/src/model/', pathNot: '\\.test\\.ts$' },
      { path: '^server/src/(?!model/)' },
    ),
    forbid(
      'composition-root',
      'Only the entries and `lantern start --foreground` load the composition root.',
      { path: '^server/src/', pathNot: '^server/src/([^/]+|cli/connection)\\.ts$' },
      { path: '^server/src/composition\\.ts$' },
    ),
    forbid(
      'entries',
      'The files at the root of server/src are entries: rooms do not import them, but for where the package lies.',
      { path: '^server/src/[^/]+/', pathNot: '^server/src/cli/connection\\.ts$' },
      { path: '^server/src/[^/]+\\.ts$', pathNot: '^server/src/paths\\.ts$' },
    ),
    forbid(
      'shared-alone',
      'shared/ imports nothing else of ours.',
      { path: '^shared/' },
      { path: '^(server|client)/' },
    ),
    forbid('server-not-client', 'The server knows no client.', { path: '^server/' }, { path: '^client/' }),
    forbid(
      'client-not-server',
      'The client speaks to the daemon by the protocol alone.',
      { path: '^client/' },
      { path: '^server/' },
    ),
    forbid(
      'shipped-not-test',
      'What ships imports nothing that only tests use.',
      { path: '^(server|shared|client)/src/', pathNot: '\\.test\\.ts$' },
      { path: ['^(server|shared|client)/test/', '\\.test\\.ts$'] },
    ),
    forbid(
      'one-file-runs-models',
      'Only model/onnxGraph.ts imports onnxruntime-node: go through ModelCache.',
      { path: '^(server|shared|client)/src/', pathNot: '(^server/src/model/onnxGraph|\\.test)\\.ts$' },
      { path: '(^|/)onnxruntime-node' },
    ),
    forbid(
      'one-file-speaks-to-chroma',
      'Only vectors/chroma/chromaConnection.ts imports chromadb: go through VectorStore.',
      {
        path: '^(server|shared|client)/src/',
        pathNot: '(^server/src/vectors/chroma/chromaConnection|\\.test)\\.ts$',
      },
      { path: '(^|/)chromadb($|/)' },
    ),
    forbid(
      'only-client-in-vscode',
      'Only client/ imports vscode.',
      { path: '^(server|shared)/' },
      { path: '^vscode$' },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.d.ts'] },
  },
};
