// A daemon with the real lifecycle and a trivial service: it answers each line with its pid. For singleton.test.ts.
import { appendFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { currentUid, trustedEndpoint } from '../../../shared/src/connection/endpoint.js';
import { LogFile } from '../../src/daemon/logFile.js';
import { runDaemon } from '../../src/daemon/runDaemon.js';
import type { DaemonSetup } from './singletonPrograms.js';

const setup = JSON.parse(process.argv[2] ?? '{}') as DaemonSetup;
const { dataDir, build, idleExitMs = 0, drainMs = 0 } = setup;

const outcome = await runDaemon({
  endpoint: await trustedEndpoint({
    platform: process.platform,
    env: process.env,
    uid: currentUid(),
    homedir: homedir(),
    dataDir,
    protocolVersion: setup.protocol ?? 1,
  }),
  identity: { protocol: setup.protocol ?? 1, build, pid: process.pid, dataDir, startedAt: Date.now() },
  idleExitMs,
  watchMs: 100,
  openLog: () => new LogFile({ path: join(dataDir, 'daemon.log') }),
  start: () => {
    appendFileSync(join(dataDir, 'owners'), `${process.pid}\n`);
    if (setup.failAtStart === true) return Promise.reject(new Error('the model file is damaged'));
    return Promise.resolve({
      open: (socket) => {
        socket.on('data', (chunk) => {
          if (chunk.includes('throw')) {
            setImmediate(() => {
              throw new Error('nobody catches this');
            });
          }
          socket.write(`${process.pid}\n`);
        });
        return { closed: new Promise(() => undefined), dispose: () => undefined };
      },
      drain: () => new Promise((resolve) => setTimeout(resolve, drainMs)),
    });
  },
});
if (outcome === 'taken') process.exit(0);
