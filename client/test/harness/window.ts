import type { Page } from 'playwright-core';

export interface WindowOptions {
  /** Folder of the extension under development, or undefined for an installed one. */
  readonly extension: string;
  /** The module whose `run` is the suite. */
  readonly suite: string;
  /** A folder or a `.code-workspace`; undefined for an empty window. */
  readonly workspace: string | undefined;
  /** Whether every workspace is trusted; else the editor asks, as it does by default. */
  readonly trusted: boolean;
  /** Settings of the user, by full name. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Added to the environment of the extension host. */
  readonly env: Readonly<Record<string, string>>;
  /** For what the editor itself keeps and logs. */
  readonly dataFolder: string;
  /** A line that the editor or the extension host printed. */
  readonly onLog: (line: string) => void;
}

/** The editor while a suite runs in it. */
export interface EditorWindow {
  readonly page: Page;
  /** Settles with the suite's exit code when it has ended. */
  readonly exitCode: Promise<number>;
  /** Opens one more window, in which no suite runs. */
  openWindow(workspace: string): Promise<Page>;
  close(): Promise<void>;
}
