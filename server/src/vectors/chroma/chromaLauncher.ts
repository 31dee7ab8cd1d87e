import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';

/** A way to run a Chroma server on this machine. */
export type ChromaLauncher =
  | { readonly kind: 'bindings'; readonly target: string }
  | { readonly kind: 'executable'; readonly target: string };

const bindings: Readonly<Record<string, string>> = {
  'darwin-arm64': 'chromadb-js-bindings-darwin-arm64',
  'darwin-x64': 'chromadb-js-bindings-darwin-x64',
  'linux-arm64': 'chromadb-js-bindings-linux-arm64-gnu',
  'linux-x64': 'chromadb-js-bindings-linux-x64-gnu',
  'win32-x64': 'chromadb-js-bindings-win32-x64-msvc',
};

/** The npm package with the server for a platform, if there is one. */
export function bindingsPackage(platform: string, arch: string): string | undefined {
  return bindings[`${platform}-${arch}`];
}

/** The ways to run a server on this machine, in the order to try them: npm bindings, then `chroma` on PATH. */
export function findLaunchers(env: NodeJS.ProcessEnv = process.env): ChromaLauncher[] {
  const found: ChromaLauncher[] = [];
  const name = bindingsPackage(process.platform, process.arch);
  if (name !== undefined) {
    try {
      found.push({ kind: 'bindings', target: createRequire(import.meta.url).resolve(name) });
    } catch {
      // The optional dependency is not installed.
    }
  }
  const file = process.platform === 'win32' ? 'chroma.exe' : 'chroma';
  for (const folder of (env['PATH'] ?? env['Path'] ?? '').split(delimiter)) {
    // A relative entry would be resolved from wherever the daemon was started.
    if (!folder.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(folder)) continue;
    const target = join(folder, file);
    try {
      accessSync(target, constants.X_OK);
    } catch {
      continue;
    }
    found.push({ kind: 'executable', target });
    break;
  }
  return found;
}

/** What the user can do when no server can be started. */
export function installAdvice(platform: string = process.platform, arch: string = process.arch): string {
  const name = bindingsPackage(platform, arch);
  const npm = name === undefined ? '' : `reinstall Lantern with optional dependencies (${name}), `;
  return `To fix it, ${npm}put a Chroma 1.x "chroma" on PATH, or set lantern.chroma.url to a server.`;
}

/**
 * The server's environment without CHROMA_* and OTEL_*: the former override its configuration (a stray CHROMA_PORT
 * would move the server), the latter would make it send traces.
 */
export function serverEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const clean: NodeJS.ProcessEnv = {};
  for (const [key, value] of Object.entries(env)) {
    if (/^(CHROMA_|OTEL_|NODE_OPTIONS$|NODE_CHANNEL|ELECTRON_RUN_AS_NODE$)/i.test(key)) continue;
    clean[key] = value;
  }
  // For Chroma's Python package. The bindings have no telemetry.
  clean['ANONYMIZED_TELEMETRY'] = 'False';
  clean['RUST_BACKTRACE'] = '0';
  if (process.versions['electron'] !== undefined) clean['ELECTRON_RUN_AS_NODE'] = '1';
  return clean;
}

/**
 * The server's configuration file. `origin` is a secret of one start: a server that read this file returns it as its
 * allowed CORS origin, which identifies it on the port, and no web page has that origin.
 */
export function serverConfiguration(dataDirectory: string, port: number, origin: string): string {
  // JSON strings are YAML strings.
  return [
    `port: ${port}`,
    'listen_address: "127.0.0.1"',
    `persist_path: ${JSON.stringify(dataDirectory)}`,
    `cors_allow_origins: [${JSON.stringify(origin)}]`,
    'allow_reset: false',
    '',
  ].join('\n');
}
