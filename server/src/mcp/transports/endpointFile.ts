import { join } from 'node:path';

/** Where the daemon writes the address of its HTTP endpoint. */
export const endpointFile = (dataDir: string): string => join(dataDir, 'mcp-endpoint.json');
