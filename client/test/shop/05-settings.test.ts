import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { person } from '../support/driver.js';
import { boxHasFocus, eventually, indexed, lantern } from '../support/lantern.js';

async function set(name: string, value: unknown): Promise<void> {
  await vscode.workspace.getConfiguration('lantern').update(name, value, vscode.ConfigurationTarget.Global);
  await (await lantern()).settings.settled();
}

async function stored(): Promise<Record<string, Record<string, unknown>>> {
  const file = join(process.env['LANTERN_HOME'] ?? '', 'settings.json');
  return JSON.parse(await readFile(file, 'utf8')) as Record<string, Record<string, unknown>>;
}

describe('settings', () => {
  before(async () => {
    await indexed();
  });

  it('reach a daemon that runs, without the window being loaded again', async () => {
    const { client } = await lantern();
    assert.ok(client.state.kind === 'connected');
    const { pid } = client.state;
    await set('index.exclude', ['src/payments/']);
    assert.deepEqual((await stored())['index'], { exclude: ['src/payments/'] });
    const search = async (): Promise<boolean> =>
      (await client.request('lantern/search', { query: 'refund', wait: true })).hits.some(({ path }) =>
        path.startsWith('src/payments/'),
      );
    await eventually('the folder is left out', async () => !(await search()));
    assert.ok((client.state as { kind: string }).kind === 'connected');
    assert.notEqual(client.state.pid, pid);
    await set('index.exclude', undefined);
    await eventually('the folder is back', search);
    assert.deepEqual((await stored())['index'], {});
  });

  it('that cannot be are refused with a reason, and leave the daemon alone', async () => {
    const { client } = await lantern();
    await client.request('lantern/status', {});
    const before = client.state;
    await set('model.dtype', 'int3');
    assert.deepEqual(client.state, before);
    await set('model.dtype', undefined);
    await client.request('lantern/status', {});
  });

  it('offer the known models with their sizes', async () => {
    void vscode.commands.executeCommand('lantern.selectModel');
    await boxHasFocus();
    await eventually('the model that ships is among them', async () =>
      (await person.sees('.quick-input-list .monaco-list-row')).some(
        (text) =>
          text.includes('all-MiniLM-L6-v2') && text.includes('ships with Lantern') && /\d MB/.test(text),
      ),
    );
    await person.photograph('models');
    await person.press('Escape');
  });
});
