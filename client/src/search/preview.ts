import * as vscode from 'vscode';
import type { SearchHit } from '../../../shared/src/protocol/protocol.js';

interface Before {
  readonly uri: vscode.Uri | undefined;
  readonly column: vscode.ViewColumn | undefined;
  readonly selections: readonly vscode.Selection[];
  readonly visible: vscode.Range | undefined;
  readonly wasPreview: boolean;
  /** The editors that were open, so that only those of the preview are closed. */
  readonly openTabs: ReadonlySet<string>;
}

/** Shows hits in the editor while the user moves through them, and restores the editor afterwards. */
export class Preview implements vscode.Disposable {
  readonly #highlight = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
    borderColor: new vscode.ThemeColor('contrastActiveBorder'),
    isWholeLine: true,
    overviewRulerColor: new vscode.ThemeColor('editorOverviewRuler.findMatchForeground'),
    overviewRulerLane: vscode.OverviewRulerLane.Full,
  });
  readonly #before = look();
  #shown: vscode.TextEditor | undefined;
  /** Only the latest call counts: a file that opens late must not replace a newer one. */
  #turn = 0;

  async show(hit: SearchHit): Promise<void> {
    const turn = ++this.#turn;
    const document = await vscode.workspace.openTextDocument(uriOf(hit));
    if (turn !== this.#turn) return;
    const range = rangeOf(hit, document);
    const editor = await vscode.window.showTextDocument(document, {
      preserveFocus: true,
      preview: true,
      ...(this.#before.column !== undefined && { viewColumn: this.#before.column }),
    });
    if (turn !== this.#turn) return;
    this.#clear();
    this.#shown = editor;
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    editor.setDecorations(this.#highlight, [range]);
  }

  /** Opens a hit permanently, with the cursor at its beginning. */
  async open(hit: SearchHit, aside: boolean): Promise<void> {
    if (aside) await this.restore();
    this.#turn++;
    this.#clear();
    await openHit(hit, aside ? vscode.ViewColumn.Beside : (this.#before.column ?? vscode.ViewColumn.Active));
  }

  /** Restores the editor's previous state. */
  async restore(): Promise<void> {
    this.#turn++;
    this.#clear();
    if (this.#shown === undefined) return;
    this.#shown = undefined;
    const { uri, column, selections, visible, wasPreview, openTabs } = this.#before;
    if (uri !== undefined) {
      const editor = await vscode.window.showTextDocument(uri, {
        ...(column !== undefined && { viewColumn: column }),
        preview: wasPreview,
      });
      editor.selections = [...selections];
      if (visible !== undefined) editor.revealRange(visible, vscode.TextEditorRevealType.AtTop);
    }
    const opened = textTabs().filter((tab) => tab.isPreview && !openTabs.has(keyOfTab(tab)));
    if (opened.length > 0) await vscode.window.tabGroups.close(opened, true);
  }

  dispose(): void {
    this.#turn++;
    this.#highlight.dispose();
  }

  #clear(): void {
    this.#shown?.setDecorations(this.#highlight, []);
  }
}

export async function openHit(hit: SearchHit, viewColumn: vscode.ViewColumn): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(uriOf(hit));
  const range = rangeOf(hit, document);
  const editor = await vscode.window.showTextDocument(document, { viewColumn, preview: false });
  editor.selection = new vscode.Selection(range.start, range.start);
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  return editor;
}

export function uriOf({ folder, path }: SearchHit): vscode.Uri {
  return vscode.Uri.joinPath(vscode.Uri.file(folder), path);
}

/** The hit's lines, from its first visible character to its last. */
export function rangeOf({ startLine, endLine }: SearchHit, document: vscode.TextDocument): vscode.Range {
  const first = document.lineAt(Math.min(startLine, document.lineCount) - 1);
  let last = document.lineAt(Math.min(endLine, document.lineCount) - 1);
  while (last.isEmptyOrWhitespace && last.lineNumber > first.lineNumber)
    last = document.lineAt(last.lineNumber - 1);
  return new vscode.Range(
    first.lineNumber,
    first.firstNonWhitespaceCharacterIndex,
    last.lineNumber,
    last.text.length,
  );
}

/** The first character of the line that answers. */
export function answerIn({ line }: SearchHit, document: vscode.TextDocument): vscode.Position {
  const { lineNumber, firstNonWhitespaceCharacterIndex } = document.lineAt(
    Math.min(line.number, document.lineCount) - 1,
  );
  return new vscode.Position(lineNumber, firstNonWhitespaceCharacterIndex);
}

function look(): Before {
  const editor = vscode.window.activeTextEditor;
  return {
    uri: editor?.document.uri,
    column: editor?.viewColumn,
    selections: editor?.selections ?? [],
    visible: editor?.visibleRanges[0],
    wasPreview: vscode.window.tabGroups.activeTabGroup.activeTab?.isPreview ?? false,
    openTabs: new Set(textTabs().map(keyOfTab)),
  };
}

function textTabs(): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputText);
}

function keyOfTab({ input, group }: vscode.Tab): string {
  return input instanceof vscode.TabInputText ? `${group.viewColumn} ${input.uri.toString()}` : '';
}
