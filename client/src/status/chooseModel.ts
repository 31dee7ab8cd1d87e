import * as vscode from 'vscode';
import type { ModelsResult } from '../../../shared/src/protocol/protocol.js';
import type { DaemonClient } from '../daemonClient.js';
import { bytes } from './statusText.js';

type Model = ModelsResult['models'][number];

/** Lets the user choose one of the known models, and says what the choice costs before it is made. */
export async function chooseModel(client: DaemonClient): Promise<void> {
  const rows = client.request('lantern/models', {}).then(({ models }) => models.map(rowOf));
  const chosen = await vscode.window.showQuickPick(rows, {
    title: 'Choose the Embedding Model',
    placeHolder: 'Any model of the Hub works by name too: set lantern.model.name',
    matchOnDescription: true,
  });
  if (chosen === undefined || chosen.model.selected) return;
  const { model } = chosen;
  const { folders } = await client.request('lantern/status', {});
  const files = folders.reduce((sum, folder) => sum + folder.files, 0);
  const download = model.state === 'downloadable' ? ` ${sizeOf(model)} are downloaded first.` : '';
  const use = 'Use This Model';
  const answer = await vscode.window.showWarningMessage(
    `Use ${model.name}?`,
    {
      modal: true,
      detail: `Vectors of two models cannot be compared: ${files} files in ${folders.length} folders are indexed again.${download} Vectors of the present model are kept for a while, should you go back.`,
    },
    use,
  );
  if (answer !== use) return;
  await vscode.workspace
    .getConfiguration('lantern')
    .update('model.name', model.name, vscode.ConfigurationTarget.Global);
}

function rowOf(model: Model): vscode.QuickPickItem & { readonly model: Model } {
  const where = {
    // The note of the model says so.
    bundled: '',
    cached: 'downloaded',
    local: 'on this machine',
    downloadable: 'to be downloaded',
  };
  const facts = [
    sizeOf(model),
    where[model.state],
    ...(model.dimensions === null ? [] : [`${model.dimensions} dimensions`]),
  ];
  return {
    model,
    label: `${model.selected ? '$(check) ' : ''}${model.name}`,
    description: facts.filter(Boolean).join(', '),
    detail: model.note,
  };
}

function sizeOf({ sizeBytes }: Model): string {
  return sizeBytes === null ? '' : bytes(sizeBytes);
}
