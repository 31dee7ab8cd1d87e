import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { packageRoot } from '../../paths.js';
import { commands, options } from '../commandTable.js';
import { helpOf, usage } from '../usage.js';
import { completionsCommand, completionsOf } from './completions.js';

describe('The table of commands', () => {
  it('has every option that is parsed, and takes a value for the same ones', () => {
    const named = new Map(commands.flatMap(({ options: own }) => own ?? []).map((one) => [one.name, one]));
    for (const [name, { type }] of Object.entries(options)) {
      if (['json', 'help', 'version'].includes(name)) continue;
      const found = named.get(name as keyof typeof options);
      assert.ok(found !== undefined, name);
      assert.equal(found.value !== undefined, type === 'string', name);
    }
  });

  it('makes the usage, and the help of each command', () => {
    for (const { name, about, options: own } of commands) {
      assert.ok(usage.includes(about), name);
      const help = helpOf(name.split(' '));
      assert.ok(help.startsWith(`Usage: lantern ${name}`) && help.includes(about), help);
      for (const option of own ?? []) assert.ok(help.includes(`--${option.name}`), help);
    }
    assert.match(helpOf(['mcp']), /Usage: lantern mcp install/);
    assert.doesNotMatch(helpOf(['mcp', 'install']), /uninstall/);
    assert.match(helpOf(['cache']), /lantern cache clear/);
    assert.equal(helpOf(['nothing']), usage);
  });
});

describe('lantern complete', () => {
  const words = async (...line: string[]): Promise<string[]> =>
    (await completionsOf(line)).map(({ word }) => word);

  it('offers commands, the words that follow, options, and their values', async () => {
    assert.deepEqual(await words('s'), ['search', 'status', 'start', 'stop']);
    assert.deepEqual(await words('mcp', 'token', ''), ['rotate']);
    assert.deepEqual(await words('cache', ''), ['clear']);
    assert.deepEqual(await words('search', 'x', '--m'), ['--mode', '--min']);
    assert.deepEqual(await words('search', 'x', '--mode', ''), ['hybrid', 'semantic', 'lexical']);
    assert.deepEqual(await words('search', '--path', 'mcp', '--mode', 's'), ['semantic']);
    assert.deepEqual(await words('mcp', 'list', '--'), ['--json', '--help']);
    assert.deepEqual(await words('mcp', 'install', '--project', 'cod'), ['codex']);
    assert.deepEqual(await words('completions', ':'), ['bash', 'zsh', 'fish', 'powershell']);
  });

  it('leaves folders to the shell', async () => {
    assert.deepEqual(await words('index', 'sr'), [':folders']);
    assert.deepEqual(await words('search', '--path', ''), [':folders']);
  });
});

describe('lantern completions', function () {
  this.timeout(60_000);
  let folder: string;
  const env = (): NodeJS.ProcessEnv => ({
    ...process.env,
    HOME: folder,
    PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
  });

  before(function () {
    if (process.platform === 'win32') this.skip();
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'lantern-shell-')));
    const script = join(packageRoot(import.meta.url), 'dist', 'lantern.js');
    writeFileSync(join(folder, 'lantern'), `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
    chmodSync(join(folder, 'lantern'), 0o755);
    mkdirSync(join(folder, 'work', 'a folder'), { recursive: true });
    writeFileSync(join(folder, 'work', 'a file'), '');
  });
  after(() => {
    if (process.platform !== 'win32') rmSync(folder, { recursive: true });
  });

  /** What the shell's own script offers for a line, one word a line. */
  const offered = (shell: string, args: readonly string[]): string[] =>
    execFileSync(shell, args, { cwd: join(folder, 'work'), env: env(), encoding: 'utf8' })
      .split('\n')
      .filter(Boolean);

  const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

  it('complete in bash', function () {
    if (!has('bash')) this.skip();
    const complete = (...words: string[]): string[] => {
      const code = `source <(lantern completions bash); complete -p lantern >/dev/null || exit 1
        COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _lantern; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return offered('bash', ['--norc', '-c', code, 'bash', 'lantern', ...words]);
    };
    assert.deepEqual(complete('st'), ['status', 'start', 'stop']);
    assert.deepEqual(complete('search', 'x', '--mode', ''), ['hybrid', 'semantic', 'lexical']);
    assert.deepEqual(complete('index', ''), ['a folder']);
    assert.deepEqual(complete('stop', 'x'), []);
  });

  it('complete in zsh', function () {
    if (!has('zsh')) this.skip();
    const complete = (...words: string[]): string[] => {
      // Outside its line editor zsh has no completion, so what the script would add is printed.
      const code = `compdef() { }; _describe() { print -l -- "\${(@P)2}" }; _files() { print -- "files $*" }
        source <(lantern completions zsh); words=("$@"); CURRENT=$#; _lantern`;
      return offered('zsh', ['-f', '-c', `${code}; true`, 'zsh', 'lantern', ...words]);
    };
    assert.deepEqual(
      complete('st').map((line) => line.split(':')[0]),
      ['status', 'start', 'stop'],
    );
    assert.deepEqual(complete('index', ''), ['files -/']);
    assert.deepEqual(complete('stop', 'x'), []);
  });

  it('complete in fish', function () {
    if (!has('fish')) this.skip();
    const complete = (line: string): string[] =>
      offered('fish', [
        '--no-config',
        '-c',
        'lantern completions fish | source; complete -C $argv[1]',
        line,
      ]).map((one) => one.split('\t')[0] ?? '');
    assert.deepEqual(complete('lantern st').sort(), ['start', 'status', 'stop']);
    assert.deepEqual(complete('lantern search x --mode ').sort(), ['hybrid', 'lexical', 'semantic']);
    assert.deepEqual(complete('lantern index '), ['a folder/']);
    assert.deepEqual(complete('lantern stop x'), []);
  });

  it('name the shells when another one is asked for', () => {
    assert.throws(() => completionsCommand(['tcsh'], () => undefined), /bash\|zsh\|fish\|powershell/);
  });
});
