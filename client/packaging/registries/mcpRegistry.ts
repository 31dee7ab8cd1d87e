import { mcpName, npmPackageName } from '../../../shared/src/packageNames.js';

/** The fields of package.json that the MCP registry shows too. */
interface Fields {
  readonly displayName: string;
  readonly description: string;
  readonly version: string;
  readonly repository?: { readonly url: string } | undefined;
}

/** The version of the format that `mcp-publisher` of that time expects. */
const schema = 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json';

/** server.json: what the MCP registry says of the server, and how it is started from the package on npm. */
export function serverJson({ displayName, description, version, repository }: Fields): object {
  const url = repository?.url.replace(/^git\+/, '').replace(/\.git$/, '');
  return {
    $schema: schema,
    name: mcpName,
    title: displayName,
    description,
    version,
    ...(url?.startsWith('https://github.com/') && { repository: { url, source: 'github' } }),
    packages: [
      {
        registryType: 'npm',
        identifier: npmPackageName,
        version,
        runtimeHint: 'npx',
        // As in the README: an install script of onnxruntime-node would download CUDA, which Lantern does not use.
        runtimeArguments: [
          { type: 'named', name: '-y' },
          { type: 'named', name: '--ignore-scripts' },
        ],
        packageArguments: [{ type: 'positional', value: 'mcp' }],
        transport: { type: 'stdio' },
      },
    ],
  };
}
