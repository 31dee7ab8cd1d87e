import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

/** Runs npm in `folder` on the Node `node`. Its output is shown only when it fails. */
export async function npm(folder: string, args: readonly string[], node = process.execPath): Promise<void> {
  // Remove the settings of the npm that runs these tests: they would apply to this one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(?!cache|registry|userconfig)|package_|lifecycle_)/i.test(name),
    ),
  );
  env['PATH'] = `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`;
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier'];
  await runQuietly('npm', [...args, ...quiet], folder, env);
}

/** Makes `folder` a package, so that npm installs there and not in a folder above. */
export async function makePackage(
  folder: string,
  dependencies: Readonly<Record<string, string>>,
): Promise<void> {
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'lantern-test-tools', version: '0.0.0', private: true, dependencies }, null, 2),
  );
}

/** Runs a program; returns its stdout. The error of a failure has the end of its output. */
export function runQuietly(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return new Promise((resolve, reject) => {
    // On Windows npm is a script that only a shell can start.
    const child = spawn(command, args, {
      cwd,
      env,
      shell: process.platform === 'win32' && command === 'npm',
    });
    let stdout = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (all += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else reject(new Error(`${command} ${args.join(' ')} exited with ${code}:\n${all.slice(-3000)}`));
    });
  });
}
