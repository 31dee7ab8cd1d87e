import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';
import Mocha from 'mocha';
import * as vscode from 'vscode';
import { variables } from '../harness/protocol.js';
import { person, report, reportWithoutFolders } from './driver.js';
import { comesAbout } from './lantern.js';

const openLimitMs = 20_000;

/** Called by VS Code inside the extension host: runs the tests of the scenario, and rejects when one fails. */
export async function run(): Promise<void> {
  const scenario = process.env[variables.scenario] ?? '';
  if (process.env[variables.folders] === 'yes' && !(await comesAbout(hasFolders, openLimitMs))) {
    await reportWithoutFolders();
    throw new Error(`The editor opened none of the folders of ${scenario}.`);
  }
  const grep = process.env[variables.grep] ?? '';
  const mocha = new Mocha({
    timeout: 90_000,
    slow: 5000,
    color: false,
    reporter: 'spec',
    ...(grep && { grep }),
  });
  const folder = fileURLToPath(new URL(`../${scenario}/`, import.meta.url));
  const files = (await readdir(folder)).filter((name) => name.endsWith('.test.js')).sort();
  for (const file of files) mocha.addFile(join(folder, file));
  await mocha.loadFilesAsync();

  // The host's console goes through the editor's log. The report is sent directly, to keep its order.
  let last = Promise.resolve();
  Mocha.reporters.Base.consoleLog = (...parts: unknown[]) => {
    const line = format(...parts);
    last = last.then(() => report(line)).catch(() => undefined);
  };
  mocha.suite.afterEach('photograph a failure, and close what is open', async function () {
    const { currentTest } = this;
    if (currentTest?.state === 'failed') {
      const title = currentTest.title.replace(/[^\p{L}\p{N}]+/gu, '-').slice(0, 60);
      await person.photograph(`failed-${scenario}-${title}`);
    }
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));
  await last;
  if (failures > 0) throw new Error(`${failures} of the tests of ${scenario} failed.`);
}

function hasFolders(): boolean {
  return (vscode.workspace.workspaceFolders?.length ?? 0) > 0;
}
