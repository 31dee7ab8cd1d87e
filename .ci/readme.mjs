// Runs the first commands of the README as they stand there, with a data folder of their own, and checks that they
// print the hit that the README shows.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const readme = readFileSync('README.md', 'utf8').replaceAll('\r\n', '\n');
const [, command = '', shown = ''] = /```sh\n(.*)\n```\n\n```text\n(.*)\n/.exec(readme) ?? [];
const [place = ''] = shown.split(':');
if (!command.startsWith('npm ci &&') || place === '')
  throw new Error('README.md does not begin with a command.');

const home = mkdtempSync(join(tmpdir(), 'lantern-readme-'));
const env = { ...process.env, LANTERN_HOME: home };
const run = (line) => {
  console.log(`$ ${line}`);
  const { status, stdout } = spawnSync(line, {
    env,
    shell: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  process.stdout.write(stdout);
  return { status, stdout };
};
try {
  const { status, stdout } = run(command);
  if (status !== 0) throw new Error(`It ended with code ${status}.`);
  if (!stdout.replaceAll('\\', '/').includes(place)) throw new Error(`It does not name ${place}.`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  run('npm run -s lantern -- stop');
  rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
