import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AgentCommands, type AgentCommandsParts } from './agents.js';

describe('lantern mcp install', () => {
  let folder: string;
  let home: string;
  let project: string;
  let printed: string[];
  let errors: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lantern-agents-'));
    home = join(folder, 'home');
    project = join(folder, 'project');
    mkdirSync(join(home, '.cursor'), { recursive: true });
    mkdirSync(join(home, '.codex'));
    mkdirSync(project);
    printed = [];
    errors = [];
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const commands = (changes: Partial<AgentCommandsParts> = {}): AgentCommands =>
    new AgentCommands({
      where: { env: {}, platform: 'linux', home },
      project,
      dataDir: join(folder, 'data'),
      command: { command: '/usr/bin/node', args: ['/opt/lantern.js', 'mcp'], env: {} },
      print: (text) => void printed.push(text),
      printError: (text) => void errors.push(text),
      ask: undefined,
      ...changes,
    });
  const cursor = (): string => join(home, '.cursor', 'mcp.json');
  const codex = (): string => join(home, '.codex', 'config.toml');

  it('tells doctor of an entry whose program or script is gone', async () => {
    const script = join(folder, 'lantern.js');
    writeFileSync(script, '');
    const command = { command: process.execPath, args: [script, 'mcp'], env: {} };
    const own = commands({ command });
    const none = 'none is set up; "lantern mcp install" does it';
    assert.deepEqual(await own.check(), { name: 'agents', ok: true, detail: none });
    await own.install(['cursor', 'codex'], {});
    assert.deepEqual(await own.check(), { name: 'agents', ok: true, detail: '2 set up' });
    rmSync(script);
    const { ok, detail, fix } = await own.check();
    assert.equal(ok, false);
    assert.ok(detail.includes(`Cursor starts ${script}, which does not exist`), detail);
    assert.equal(fix, 'Run "lantern mcp install codex cursor".');
    writeFileSync(script, '');
    await commands({ command: { ...command, command: join(folder, 'node') } }).install(['cursor'], {});
    assert.match((await own.check()).detail, /Cursor starts .*node, which does not exist/);
  });

  it('says what to type where nobody can be asked, and changes nothing', async () => {
    await assert.rejects(
      commands().install([], {}),
      /“lantern mcp install codex”, or give --all for these:\n {2}codex +\S+config\.toml\n {2}cursor +\S+mcp\.json$/,
    );
    assert.ok(!existsSync(cursor()) && !existsSync(codex()));
  });

  it('asks about each agent that is found', async () => {
    const asked: string[] = [];
    const ask = (question: string): Promise<boolean> => {
      asked.push(question);
      return Promise.resolve(question.includes('Cursor'));
    };
    assert.equal(await commands({ ask }).install([], {}), 0);
    assert.deepEqual(asked, [
      `Add Lantern to Codex, in ${codex()}?`,
      `Add Lantern to Cursor, in ${cursor()}?`,
    ]);
    assert.ok(existsSync(cursor()) && !existsSync(codex()));
    // Only what is still to be done is asked.
    assert.equal(await commands({ ask }).install([], {}), 0);
    assert.equal(asked.length, 3);
    assert.equal(await commands({ ask }).uninstall([], {}), 0);
    assert.equal(asked[3], `Take Lantern out of Cursor, in ${cursor()}?`);
    assert.ok(!existsSync(cursor()));
  });

  it('takes all with --all, and out again', async () => {
    assert.equal(await commands().install([], { all: true }), 0);
    assert.equal(printed.length, 2);
    assert.equal(await commands().install([], { all: true }), 0);
    assert.match(printed[2] ?? '', /^Every agent that was found has Lantern already/);
    assert.equal(await commands().uninstall([], { all: true }), 0);
    assert.deepEqual(readdirSync(home).sort(), ['.codex', '.cursor']);
    assert.ok(!existsSync(cursor()) && !existsSync(codex()));
    assert.equal(await commands().uninstall([], { all: true }), 0);
    assert.match(printed.at(-1) ?? '', /^No agent has Lantern/);
  });

  it('goes on when one file cannot be edited, and says so', async () => {
    writeFileSync(codex(), '[damaged');
    assert.equal(await commands().install(['codex', 'cursor', 'zed'], {}), 2);
    assert.match(errors.join('\n'), /^Codex: .*config\.toml is not valid TOML .* left as it is/);
    assert.equal(readFileSync(codex(), 'utf8'), '[damaged');
    assert.ok(existsSync(cursor()) && existsSync(join(home, '.config/zed/settings.json')));
    await assert.rejects(commands().install(['emacs'], {}), /no agent that Lantern knows/);
  });

  it('writes files of a project that hold on every machine', async () => {
    mkdirSync(join(project, '.gemini'));
    assert.equal(await commands().install([], { project: true }), 0);
    const files = ['.mcp.json', '.cursor/mcp.json', '.vscode/mcp.json', '.gemini/settings.json'];
    for (const file of files) {
      const text = readFileSync(join(project, file), 'utf8');
      assert.match(text, /"command": "lantern",\s+"args": \[\s+"mcp"\s+\]/);
      assert.ok(!text.includes(folder) && !text.includes('/opt'));
    }
    assert.match(printed.at(-2) ?? '', /^Added a section about Lantern, in \S+AGENTS\.md\.$/);
    assert.match(printed.at(-1) ?? '', /needs “lantern” in PATH.*npm install -g lantern-code-search/);
    assert.match(readFileSync(join(project, 'AGENTS.md'), 'utf8'), /`search_code` finds/);
    printed = [];
    assert.equal(await commands().list({}), 0);
    assert.match(printed.join('\n'), /^Agents are told when to use it, in \S+AGENTS\.md\.$/m);
    const inProject = printed.slice(printed.indexOf('In this project:') + 1).join('\n');
    for (const id of ['claude-code', 'cursor', 'vscode', 'gemini-cli', 'github-copilot-cli'])
      assert.match(inProject, new RegExp(`^ {2}${id} +yes `, 'm'));
    assert.equal(await commands().uninstall([], { project: true }), 0);
    assert.deepEqual(readdirSync(project), ['.gemini']);
    assert.deepEqual(readdirSync(join(project, '.gemini')), []);
    await assert.rejects(
      commands().install(['windsurf'], { project: true }),
      /Windsurf reads no file of a project/,
    );
    await assert.rejects(commands({ project: home }).install([], { project: true }), /your home folder/);
  });

  it('leaves every file of a project as it was, byte for byte', async () => {
    const files: Record<string, string> = {
      'AGENTS.md': '# Rules\r\n\r\nNo tabs.',
      '.mcp.json': '{\n    "mcpServers": { "other": { "command": "x" } } }',
      '.vscode/mcp.json': '// ours\n{"servers":{}}\n',
      '.codex/config.toml': '# kept\nmodel = "m" # why\n',
    };
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(project, name)), { recursive: true });
      writeFileSync(join(project, name), text);
    }
    assert.equal(await commands().install([], { project: true }), 0);
    for (const [name, text] of Object.entries(files))
      assert.notEqual(readFileSync(join(project, name), 'utf8'), text, name);
    assert.equal(await commands().uninstall([], { project: true }), 0);
    for (const [name, text] of Object.entries(files))
      assert.equal(readFileSync(join(project, name), 'utf8'), text, name);
    assert.deepEqual(readdirSync(project).sort(), ['.codex', '.mcp.json', '.vscode', 'AGENTS.md']);
  });

  it('keeps the section in AGENTS.md until no agent of the project has Lantern', async () => {
    const file = join(project, 'AGENTS.md');
    assert.equal(await commands().install(['codex', 'cursor'], { project: true }), 0);
    assert.equal(await commands().uninstall(['codex'], { project: true }), 0);
    assert.ok(existsSync(file));
    assert.equal(await commands().uninstall(['cursor'], { project: true }), 0);
    assert.deepEqual(readdirSync(project), []);
    assert.match(printed.at(-1) ?? '', /^Took the section about Lantern out of \S+AGENTS\.md\.$/);
    // What is the user's alone has nothing to do with the project.
    assert.equal(await commands().install(['cursor'], {}), 0);
    assert.deepEqual(readdirSync(project), []);
  });

  it('leaves a damaged section alone, and sets the agents up all the same', async () => {
    writeFileSync(join(project, 'AGENTS.md'), '<!-- lantern:begin -->\n');
    assert.equal(await commands().install(['cursor'], { project: true }), 2);
    assert.match(errors.join('\n'), /AGENTS\.md does not have one “lantern:begin” with one “lantern:end”/);
    assert.ok(existsSync(join(project, '.cursor/mcp.json')));
    assert.equal(await commands().list({}), 0);
    assert.match(printed.join('\n'), /AGENTS\.md does not have one/);
  });

  it('lists where Lantern is', async () => {
    await commands().install(['cursor'], {});
    const moved = { command: '/new/node', args: ['mcp'], env: {} };
    assert.equal(await commands({ command: moved }).list({}), 0);
    assert.deepEqual(printed.slice(1, 4), [
      'On this machine:',
      `  codex   no   ${codex()}`,
      `  cursor  yes, with another command: /usr/bin/node  ${cursor()}`,
    ]);
    assert.match(printed[4] ?? '', /^Not found on this machine: claude-code, .*, fx\.$/);
    printed = [];
    await commands().list({ json: true });
    const { agents } = JSON.parse(printed.join('')) as {
      agents: { agent: string; scope: string; found: boolean; state: { kind: string } }[];
    };
    const row = agents.find(({ agent, scope }) => agent === 'cursor' && scope === 'user');
    assert.deepEqual([row?.found, row?.state.kind], [true, 'configured']);
  });

  it('prints what to add by hand', () => {
    assert.equal(commands().config({}), 0);
    assert.deepEqual(JSON.parse(printed.join('')), {
      mcpServers: { lantern: { command: '/usr/bin/node', args: ['/opt/lantern.js', 'mcp'] } },
    });
    assert.equal(commands().config({ client: 'codex' }), 0);
    assert.match(printed[1] ?? '', /^\[mcp_servers\.lantern\]\ncommand = "\/usr\/bin\/node"/);
    assert.deepEqual(errors, [`For Codex, in ${codex()}:`]);
  });
});
