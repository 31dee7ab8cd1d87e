import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from './child.mjs';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

/** A Chroma server that no daemon has started, with an empty folder that `stop` removes. */
export async function startServer() {
  const directory = mkdtempSync(join(tmpdir(), 'lantern-bench-'));
  const port = await freePort();
  const script = `require('chromadb-js-bindings-linux-x64-gnu').cli(['chroma','run','--path',process.argv[1],'--port',process.argv[2],'--host','127.0.0.1'])`;
  const child = spawn(process.execPath, ['-e', script, directory, String(port)], {
    cwd: root,
    stdio: 'ignore',
  });
  const stop = () => {
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  for (let i = 0; i < 100; i++) {
    const up = await fetch(`${url}/api/v2/heartbeat`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return { url, pid: child.pid, directory, stop };
    await sleep(100);
  }
  stop();
  throw new Error('the second Chroma server did not start');
}
