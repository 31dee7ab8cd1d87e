/** Name of the extension, and of a checkout. */
export const extensionName = 'lantern';

/** Name of the package on npm. */
export const npmPackageName = 'lantern-code-search';
