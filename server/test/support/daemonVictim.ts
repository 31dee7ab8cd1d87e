// Indexes a folder until it is killed. For daemon.test.ts.
import { DaemonClient } from './daemonClient.js';

const [, , home = '', path = ''] = process.argv;
const client = await DaemonClient.open(home, 'victim');
await client.request('lantern/index', { path });
