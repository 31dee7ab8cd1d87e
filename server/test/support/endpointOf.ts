import { homedir } from 'node:os';
import { currentUid, trustedEndpoint } from '../../../shared/src/connection/endpoint.js';
import { PROTOCOL_VERSION } from '../../../shared/src/protocol/protocol.js';

/** Where the daemon of a data folder listens. */
export const endpointOf = (home: string): Promise<string> =>
  trustedEndpoint({
    platform: process.platform,
    env: { ...process.env, LANTERN_HOME: home },
    uid: currentUid(),
    homedir: homedir(),
    dataDir: home,
    protocolVersion: PROTOCOL_VERSION,
  });
