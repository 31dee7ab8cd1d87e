import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { AgentEnvironment } from './agent.js';
import { agentNamed, agents } from './agentTable.js';

const command = { command: 'node', args: ['lantern.js', 'mcp'], env: {} };

/** The first file of an agent in a home folder, on a platform. */
function fileOf(
  id: string,
  platform: NodeJS.Platform,
  env: AgentEnvironment['env'] = {},
): string | undefined {
  return agentNamed(id).files({ env, platform, home: '/h' })[0]?.replaceAll('\\', '/');
}

describe('the table of agents', () => {
  it('has every agent once', () => {
    assert.equal(new Set(agents.map(({ id }) => id)).size, agents.length);
    for (const { id } of agents) assert.match(id, /^[a-z][a-z-]+$/);
    assert.throws(
      () => agentNamed('emacs'),
      /“emacs” is no agent that Lantern knows\. It knows claude-code, .*, fx\.$/,
    );
  });

  it('knows where each keeps its file', () => {
    const files = Object.fromEntries(agents.map(({ id }) => [id, fileOf(id, 'linux')]));
    assert.deepEqual(files, {
      'claude-code': '/h/.claude.json',
      'claude-desktop': '/h/.config/Claude/claude_desktop_config.json',
      codex: '/h/.codex/config.toml',
      cursor: '/h/.cursor/mcp.json',
      vscode: '/h/.config/Code/User/mcp.json',
      'gemini-cli': '/h/.gemini/settings.json',
      opencode: '/h/.config/opencode/opencode.jsonc',
      'github-copilot-cli': '/h/.copilot/mcp-config.json',
      windsurf: '/h/.codeium/windsurf/mcp_config.json',
      zed: '/h/.config/zed/settings.json',
      cline: '/h/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json',
      'cline-cli': '/h/.cline/data/settings/cline_mcp_settings.json',
      'kilo-code': '/h/.config/kilo/kilo.json',
      goose: '/h/.config/goose/config.yaml',
      antigravity: '/h/.gemini/config/mcp_config.json',
      'kiro-cli': '/h/.kiro/settings/mcp.json',
      'kimi-code': '/h/.kimi-code/mcp.json',
      'grok-build': '/h/.grok/config.toml',
      pi: '/h/.pi/agent/mcp.json',
      mastracode: '/h/.mastracode/mcp.json',
      mcporter: '/h/.mcporter/mcporter.json',
      fx: '/h/.fx/mcp.json',
    });
  });

  it('follows the platform and the environment', () => {
    assert.equal(fileOf('vscode', 'darwin'), '/h/Library/Application Support/Code/User/mcp.json');
    assert.equal(fileOf('zed', 'darwin'), '/h/.config/zed/settings.json');
    assert.equal(fileOf('vscode', 'win32', { APPDATA: '/r' }), '/r/Code/User/mcp.json');
    assert.equal(fileOf('zed', 'win32', { APPDATA: '/r' }), '/r/Zed/settings.json');
    assert.equal(fileOf('goose', 'win32', { APPDATA: '/r' }), '/r/Block/goose/config/config.yaml');
    assert.equal(fileOf('opencode', 'linux', { XDG_CONFIG_HOME: '/x' }), '/x/opencode/opencode.jsonc');
    assert.equal(fileOf('claude-code', 'linux', { CLAUDE_CONFIG_DIR: '/c' }), join('/c', '.claude.json'));
    assert.equal(fileOf('codex', 'linux', { CODEX_HOME: '/c' }), '/c/config.toml');
  });

  it('starts the bridge in the form that each agent reads', () => {
    const entry = (id: string) => agentNamed(id).entry(command, 'user');
    const plain = { command: 'node', args: ['lantern.js', 'mcp'] };
    for (const id of ['cursor', 'codex', 'zed', 'windsurf']) assert.deepEqual(entry(id), plain);
    for (const id of ['claude-code', 'vscode']) assert.deepEqual(entry(id), { type: 'stdio', ...plain });
    assert.deepEqual(entry('opencode'), {
      type: 'local',
      command: ['node', 'lantern.js', 'mcp'],
      enabled: true,
    });
    assert.deepEqual(entry('github-copilot-cli'), { type: 'stdio', ...plain, tools: ['*'] });
    // One file of a project is read by both.
    assert.deepEqual(agentNamed('github-copilot-cli').entry(command, 'project'), entry('claude-code'));
    const env = { A: 'b' };
    assert.deepEqual(agentNamed('opencode').entry({ ...command, env }, 'user')['environment'], env);
    assert.deepEqual(agentNamed('cursor').entry({ ...command, env }, 'user')['env'], env);
  });
});
