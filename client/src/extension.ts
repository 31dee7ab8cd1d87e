import * as vscode from 'vscode';
import { join } from 'node:path';
import { Lantern } from './lantern.js';

let lantern: Lantern | undefined;

/** Registers and returns. It waits for nothing, and does not start the daemon. */
export function activate(context: vscode.ExtensionContext): Lantern {
  const began = performance.now();
  const program = (name: string): string => join(context.extensionPath, 'dist', name);
  lantern = new Lantern(context, { daemon: program('daemon.js'), commandLine: program('lantern.js') });
  context.subscriptions.push(lantern);
  lantern.activatedInMs = performance.now() - began;
  return lantern;
}

export async function deactivate(): Promise<void> {
  await lantern?.stop();
  lantern = undefined;
}
