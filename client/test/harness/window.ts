import type { Page } from 'playwright-core';

export interface WindowOptions {
  /** Folder of the extension under development, or undefined for an installed one. */
  readonly extension: string;
  /** The module whose `run` is the suite. */
  readonly suite: string;
  /** A folder or a `.code-workspace`; undefined for an empty window. */
  readonly workspace: string | undefined;
  /** Whether every workspace is trusted. Otherwise the editor asks, as by default. */
  readonly trusted: boolean;
  /** Settings of the user, by full name. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Added to the environment of the extension host. */
  readonly env: Readonly<Record<string, string>>;
  /** Folder for the editor's own data and logs. */
  readonly dataFolder: string;
  /** A line that the editor or the extension host printed. */
  readonly onLog: (line: string) => void;
}

/** The editor while a suite runs in it. */
export interface EditorWindow {
  readonly page: Page;
  /** Resolves with the suite's exit code when it has ended. */
  readonly exitCode: Promise<number>;
  /** Opens another window without a suite. */
  openWindow(workspace: string): Promise<Page>;
  close(): Promise<void>;
}
