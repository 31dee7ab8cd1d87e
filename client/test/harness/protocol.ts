/** Requests of the suite inside the editor to the harness outside, which has the keyboard and the screen. */
export type DriverRequest = Wish & {
  /** A window that was opened beside the suite's own, by its number. */
  readonly window?: number;
};

type Wish =
  /** Presses keys as Playwright names them, such as `Control+Shift+P`. */
  | { readonly kind: 'press'; readonly keys: string }
  | { readonly kind: 'type'; readonly text: string; readonly delayMs: number }
  | { readonly kind: 'click'; readonly selector: string }
  | { readonly kind: 'hover'; readonly selector: string }
  /** The texts of all visible elements that match, in any frame. */
  | { readonly kind: 'texts'; readonly selector: string }
  /** Values of an attribute of all elements that match, in any frame. */
  | { readonly kind: 'attributes'; readonly selector: string; readonly name: string }
  | { readonly kind: 'screenshot'; readonly name: string; readonly selector?: string }
  /** Opens the same workspace in another window without a suite; returns its number, from 1. */
  | { readonly kind: 'openWindow'; readonly path: string }
  | { readonly kind: 'closeWindow'; readonly window: number }
  /** A line of the test report. */
  | { readonly kind: 'report'; readonly line: string }
  /** The editor has opened none of its folders, and no test has run. */
  | { readonly kind: 'withoutFolders' };

export type DriverReply =
  | { readonly ok: true; readonly value?: string | number | readonly string[] }
  | { readonly ok: false; readonly message: string };

/** Environment variables from the harness to the suite. */
export const variables = {
  /** Path of the socket, or name of the pipe, that the driver listens at. */
  driver: 'LANTERN_TEST_DRIVER',
  /** Name of the scenario, whose tests are `<name>.suite.js`. */
  scenario: 'LANTERN_TEST_SCENARIO',
  grep: 'LANTERN_TEST_GREP',
  /** `yes` where the scenario opens folders. */
  folders: 'LANTERN_TEST_FOLDERS',
} as const;
