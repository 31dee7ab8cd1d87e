/** A start of the editor: what it opens, and how. Its tests are the files in the folder `<name>`. */
export interface Scenario {
  readonly name: string;
  /** A folder of test-fixtures; left out for an empty window. */
  readonly fixture?: string;
  /** Without trust the editor asks for it, as it does by default. */
  readonly trusted: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Files of the daemon's data folder, by name, that are there before it starts. */
  readonly home?: Readonly<Record<string, string>>;
  /** Whether the command line has indexed the folder before the editor starts. No daemon runs then. */
  readonly indexed?: boolean;
}

export const scenarios: readonly Scenario[] = [
  { name: 'shop', fixture: 'typescript-shop', trusted: true, settings: { 'lantern.autoIndex': 'never' } },
  { name: 'multi', fixture: 'multi-root', trusted: true },
  {
    name: 'agents',
    fixture: 'typescript-shop',
    trusted: true,
    settings: { 'lantern.autoIndex': 'never', 'chat.disableAIFeatures': false },
  },
  { name: 'untrusted', fixture: 'python-pipeline', trusted: false },
  { name: 'empty', trusted: true },
  { name: 'indexed', fixture: 'typescript-shop', trusted: true, indexed: true },
  { name: 'refused', fixture: 'python-pipeline', trusted: true },
  {
    name: 'broken',
    fixture: 'rust-kv',
    trusted: true,
    settings: { 'lantern.autoIndex': 'always' },
    home: { 'settings.json': 'this is no JSON' },
  },
];

/** Switches off everything in the editor that is not under test. */
export const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.commandCenter.enabled': false,
  'chat.disableAIFeatures': true,
  'extensions.ignoreRecommendations': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'git.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'typescript.disableAutomaticTypeAcquisition': true,
  'update.mode': 'none',
} as const;
