/** Name of the extension, and of a checkout. */
export const extensionName = 'lantern';

/** Name of the package on npm. */
export const npmPackageName = 'lantern-code-search';

/** Name in the MCP registry. What is before the slash belongs to the account on GitHub that publishes it. */
export const mcpName = `io.github.lantern/${npmPackageName}`;
