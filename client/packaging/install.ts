// Installs the VSIX of this machine into VS Code: npm run install:vscode
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostTarget, targetNamed } from './targets.js';
import { vsixPath } from './vsix.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const command = process.env['LANTERN_CODE_COMMAND'] ?? 'code';
const file = await vsixPath(root, targetNamed(hostTarget));
const windows = process.platform === 'win32';
// On Windows `code` is a script, which only the shell starts.
const { error, status } = spawnSync(
  command,
  ['--install-extension', windows ? `"${file}"` : file, '--force'],
  {
    stdio: 'inherit',
    shell: windows,
  },
);
if (error !== undefined || status !== 0) {
  const why = error === undefined ? `ended with code ${status ?? 'unknown'}` : error.message;
  process.stderr.write(
    `${file} was not installed: "${command}" could not be run (${why}).\n` +
      'In VS Code, run "Shell Command: Install \'code\' command in PATH", or "Extensions: Install from VSIX…" with that ' +
      'file; LANTERN_CODE_COMMAND names another command, such as code-insiders or codium.\n',
  );
  process.exitCode = 1;
}
