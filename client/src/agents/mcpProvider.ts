import * as vscode from 'vscode';
import { build } from '../../../shared/src/protocol/build.js';
import { dataDir } from '../../../shared/src/connection/dataDir.js';
import { runtimeScript } from '../../../shared/src/connection/runtimeCopy.js';
import { Owner } from '../owner.js';

/** The id in package.json. */
const providerId = 'lantern.mcp';
const setting = 'lantern.mcp.enabled';

/**
 * Tells the editor how to start the bridge, so that its own agents have the tools without configuration. Editors
 * derived from VS Code may lack this API. There it does nothing, and users need "Connect an Agent".
 */
export class McpProvider implements vscode.Disposable {
  readonly #script: string;
  readonly #owner = new Owner();

  /** `script` is the command line's program. */
  constructor(script: string) {
    this.#script = script;
    if (!hasMcp()) return;
    const changed = this.#owner.own(new vscode.EventEmitter<void>());
    this.#owner.own(vscode.workspace.onDidGrantWorkspaceTrust(() => changed.fire()));
    this.#owner.own(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(setting)) changed.fire();
      }),
    );
    this.#owner.own(
      vscode.lm.registerMcpServerDefinitionProvider(providerId, {
        onDidChangeMcpServerDefinitions: changed.event,
        provideMcpServerDefinitions: () => (offered() ? [this.#definition()] : []),
        resolveMcpServerDefinition: (definition) => this.#resolve(definition),
      }),
    );
  }

  dispose(): void {
    this.#owner.dispose();
  }

  #definition(): vscode.McpStdioServerDefinition {
    const env = {
      ...(process.versions['electron'] !== undefined && { ELECTRON_RUN_AS_NODE: '1' }),
      LANTERN_HOME: dataDir(),
    };
    return new vscode.McpStdioServerDefinition(
      'Lantern',
      process.execPath,
      [this.#script, 'mcp'],
      env,
      build.version,
    );
  }

  /**
   * Resolved just before the start: like the daemon it runs outside the extension's folder, which an update removes.
   */
  async #resolve(definition: vscode.McpServerDefinition): Promise<vscode.McpServerDefinition> {
    if (definition instanceof vscode.McpStdioServerDefinition) {
      definition.args = [await runtimeScript({ script: this.#script, dataDir: dataDir(), build }), 'mcp'];
    }
    return definition;
  }
}

/** Whether this editor can list MCP servers of extensions. */
export function hasMcp(): boolean {
  const { lm } = vscode as { readonly lm?: Partial<typeof vscode.lm> };
  return typeof lm?.registerMcpServerDefinitionProvider === 'function';
}

function offered(): boolean {
  return vscode.workspace.isTrusted && vscode.workspace.getConfiguration().get(setting, true);
}
