// Runs inside VS Code against the installed extension. It is copied out of the checkout, so it imports nothing from
// there.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import * as vscode from 'vscode';

/** The part of the extension's exports that is used here. */
interface Exports {
  readonly client: {
    request(method: string, params: object): Promise<{ hits: { path: string }[] }>;
  };
  readonly index: { index(place: { name: string; path: string }, how: 'quiet'): Promise<unknown> };
}

/** Called by VS Code in its extension host. Rejects when the installed extension does not work. */
export async function run(): Promise<void> {
  const extension = vscode.extensions.getExtension<Exports>('lantern.lantern');
  assert.ok(extension, 'lantern.lantern is not installed');
  const installed = process.env['LANTERN_TEST_EXTENSIONS'] ?? '';
  assert.ok(
    extension.extensionPath.startsWith(installed + sep),
    `it runs from ${extension.extensionPath}, not from ${installed}`,
  );
  const { client, index } = await extension.activate();
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'no folder is open');
  const path = folder.uri.fsPath;
  await index.index({ name: folder.name, path }, 'quiet');
  const { hits } = await client.request('lantern/search', {
    query: 'which tax rate does a product have',
    path,
    wait: true,
  });
  assert.ok(hits.length > 0, 'nothing was found');
  const record = await readFile(join(process.env['LANTERN_HOME'] ?? '', 'daemon.json'), 'utf8');
  const { pid } = JSON.parse(record) as { pid: number };
  if (process.platform !== 'linux') return;
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').join(' ');
  const runtime = join(process.env['LANTERN_HOME'] ?? '', 'runtime');
  assert.ok(command.includes(runtime + sep), `the daemon runs as ${command}, not from ${runtime}`);
}
