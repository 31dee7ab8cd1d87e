import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { defaultSettings } from '../../../shared/src/settings/settings.js';

interface Manifest {
  readonly contributes: {
    readonly keybindings: readonly { command: string; key: string }[];
    readonly configuration: readonly { properties: Record<string, { default: unknown }> }[];
  };
}

describe('package.json', () => {
  const manifest = (): Manifest => vscode.extensions.getExtension('lantern.lantern')!.packageJSON as Manifest;

  it('gives search a key that no default has', async () => {
    const { key } = manifest().contributes.keybindings.find(({ command }) => command === 'lantern.search')!;
    const uri = vscode.Uri.parse('vscode://defaultsettings/keybindings.json');
    const text = (await vscode.workspace.openTextDocument(uri)).getText();
    const defaults = JSON.parse(text.replace(/^\s*\/\/.*$/gm, '')) as { key: string; command: string }[];
    assert.ok(defaults.length > 500);
    assert.deepEqual(
      defaults.filter((one) => one.key === key).map(({ command }) => command),
      ['lantern.search'],
    );
  });

  it('has every setting of the daemon, with the same default', () => {
    const properties = Object.assign(
      {},
      ...manifest().contributes.configuration.map((one) => one.properties),
    ) as Record<string, { default: unknown }>;
    for (const [group, values] of Object.entries(defaultSettings)) {
      for (const [name, value] of Object.entries(values as Record<string, unknown>)) {
        if (name === 'apiKey') continue; // It is a secret, and kept as one.
        assert.deepEqual(properties[`lantern.${group}.${name}`]?.default, value, `${group}.${name}`);
      }
    }
  });
});
