import * as vscode from 'vscode';
import { stopDaemon } from '../../shared/src/connection/dial.js';
import { errorMessage } from '../../shared/src/errors.js';
import { daemonTarget, helloOf } from '../../shared/src/connection/reachDaemon.js';
import { defaultSettings } from '../../shared/src/settings/settings.js';
import { changeSettings } from '../../shared/src/settings/settingsFile.js';
import { Owner } from './owner.js';

export interface SettingsSyncDependencies {
  readonly secrets: vscode.SecretStorage;
  readonly log: vscode.LogOutputChannel;
}

/** Settings that are kept as secrets, with the server whose key each is. */
const secretSettings = [
  { name: 'chroma.apiKey', server: 'chroma', label: 'The Chroma server with the indexes' },
  { name: 'sharedVectors.apiKey', server: 'sharedVectors', label: 'The server with the shared vectors' },
] as const;
const secretNameOf = (name: string): string => `lantern.${name}`;

/** Names of all settings of the daemon, without the secret one: `group.name`. */
const names = Object.entries(defaultSettings)
  .flatMap(([group, values]) => Object.keys(values as object).map((name) => `${group}.${name}`))
  .filter((name) => secretSettings.every((secret) => secret.name !== name));

/**
 * Passes the user's settings on to the daemon through the file that it reads at its start, which all windows and the
 * command line share. A running daemon is stopped when they differ; every window then begins a new session by itself.
 */
export class SettingsSync implements vscode.Disposable {
  readonly #deps: SettingsSyncDependencies;
  readonly #owner = new Owner();
  /** Changes run one after the other. */
  #last: Promise<void> = Promise.resolve();

  constructor(deps: SettingsSyncDependencies) {
    this.#deps = deps;
    this.#owner.own(
      vscode.workspace.onDidChangeConfiguration((event) => {
        const changed = names.filter((name) => event.affectsConfiguration(`lantern.${name}`));
        if (changed.length > 0) this.#follow(new Map(changed.map((name) => [name, chosen(name)])));
      }),
    );
    this.#owner.own(
      deps.secrets.onDidChange(async ({ key }) => {
        const secret = secretSettings.find(({ name }) => secretNameOf(name) === key);
        if (secret !== undefined) this.#follow(new Map([[secret.name, await deps.secrets.get(key)]]));
      }),
    );
  }

  /**
   * Before the first session: passes on what the user set while no window was open. Other settings stay as they are.
   */
  async prepare(): Promise<void> {
    const own = names.map((name) => [name, chosen(name)] as const).filter(([, value]) => value !== undefined);
    const changes = new Map<string, unknown>(own);
    for (const { name } of secretSettings) {
      const key = await this.#deps.secrets.get(secretNameOf(name));
      if (key !== undefined) changes.set(name, key);
    }
    await this.#apply(changes);
  }

  /** Asks for the key of a Chroma server and stores it as a secret. An empty key deletes it. */
  async askForApiKey(): Promise<void> {
    const sharesVectors = chosen('sharedVectors.url') !== undefined;
    const secret = sharesVectors
      ? await vscode.window.showQuickPick(secretSettings, { title: 'Chroma API Key' })
      : secretSettings[0];
    if (secret === undefined) return;
    const value = await vscode.window.showInputBox({
      title: 'Chroma API Key',
      prompt: `Sent to the server that lantern.${secret.server}.url names. Leave it empty to forget the key.`,
      password: true,
      ignoreFocusOut: true,
    });
    if (value === undefined) return;
    if (value === '') await this.#deps.secrets.delete(secretNameOf(secret.name));
    else await this.#deps.secrets.store(secretNameOf(secret.name), value);
  }

  /** Resolves when all changes so far are passed on. */
  async settled(): Promise<void> {
    await this.#last;
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #follow(changes: ReadonlyMap<string, unknown>): void {
    this.#last = this.#last
      .then(() => this.#apply(changes))
      .catch((error: unknown) => {
        this.#deps.log.error(errorMessage(error));
        void vscode.window.showErrorMessage(`Lantern: ${errorMessage(error)}`);
      });
  }

  async #apply(changes: ReadonlyMap<string, unknown>): Promise<void> {
    const at = await daemonTarget();
    if (!(await changeSettings(at.dataDir, changes))) return;
    this.#deps.log.info(`Settings changed: ${[...changes.keys()].join(', ')}. The daemon begins anew.`);
    await stopDaemon({ ...at, hello: helloOf('editor') });
  }
}

/** The user's value for this machine or for all; undefined when the default applies. */
function chosen(name: string): unknown {
  const found = vscode.workspace.getConfiguration('lantern').inspect<unknown>(name);
  return found?.globalValue;
}
