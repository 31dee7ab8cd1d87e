import { join } from 'node:path';

/** File with the address of the daemon's HTTP endpoint. */
export const endpointFile = (dataDir: string): string => join(dataDir, 'mcp-endpoint.json');
