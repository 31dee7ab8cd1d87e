/** Every option of any command, as they are parsed. */
export const options = {
  path: { type: 'string' },
  group: { type: 'string' },
  limit: { type: 'string' },
  mode: { type: 'string' },
  lang: { type: 'string' },
  glob: { type: 'string' },
  json: { type: 'boolean' },
  force: { type: 'boolean' },
  foreground: { type: 'boolean' },
  client: { type: 'string' },
  all: { type: 'boolean' },
  project: { type: 'boolean' },
  wait: { type: 'boolean' },
  'no-wait': { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  min: { type: 'string' },
  explain: { type: 'boolean' },
  relation: { type: 'string' },
  steps: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;

export type OptionName = keyof typeof options;

/** What a shell can offer for a word: folders, the ids of agents, or these words. */
export type Choices = 'folders' | 'agents' | readonly string[];

export interface CommandOption {
  readonly name: OptionName;
  /** What the option takes, as the usage shows it. */
  readonly value?: string;
  readonly choices?: Choices;
  readonly about: string;
}

export interface Command {
  /** One or more words. */
  readonly name: string;
  /** What follows the name, as the usage shows it. */
  readonly operands?: string;
  readonly choices?: Choices;
  readonly about: string;
  readonly options?: readonly CommandOption[];
  /** Whether it takes `--json`. */
  readonly json?: boolean;
}

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;

const all: CommandOption = { name: 'all', about: 'all that are found' };
const project: CommandOption = {
  name: 'project',
  about: "write files for everybody who works in this folder's project, AGENTS.md too",
};

/** All commands with their options. The usage, the help of each command and the shells' completions are made from it. */
export const commands: readonly Command[] = [
  {
    name: 'index',
    operands: '[PATH]',
    choices: 'folders',
    about: 'index a folder, or bring its index up to date',
    json: true,
    options: [
      { name: 'force', about: 'also what is no project: the root, the home folder, folders of the system' },
    ],
  },
  {
    name: 'search',
    operands: 'QUERY',
    about: 'find code by words and meaning; starts to index a folder that is not indexed',
    json: true,
    options: [
      { name: 'path', value: 'PATH', choices: 'folders', about: 'the folder (default: this one)' },
      { name: 'group', value: 'NAME', about: 'the folders of this group, ranked together' },
      { name: 'all', about: 'all indexed folders, ranked together' },
      { name: 'limit', value: 'N', about: 'how many hits (default 10, at most 100)' },
      {
        name: 'mode',
        value: 'MODE',
        choices: ['hybrid', 'semantic', 'lexical'],
        about: 'hybrid, semantic or lexical (default hybrid)',
      },
      { name: 'lang', value: 'LANGUAGE', about: 'only this language, such as ts or python' },
      { name: 'glob', value: 'GLOB', about: 'only matching paths, such as "src/**"' },
      { name: 'wait', about: 'answer when everything is indexed, and show the progress' },
      { name: 'no-wait', about: 'do not even wait two seconds for a folder that is not indexed' },
      {
        name: 'min',
        value: 'strong|likely',
        choices: ['strong', 'likely'],
        about: 'leave out hits that match less well',
      },
      { name: 'explain', about: "show what each hit's score is made of" },
    ],
  },
  {
    name: 'related',
    operands: 'PATH:LINE',
    about: 'find code related to a place, and how: what calls it, what it calls, tests, types, similar code',
    json: true,
    options: [
      {
        name: 'relation',
        value: 'RELATION',
        choices: ['calls', 'called-by', 'tests', 'type', 'similar'],
        about: 'only calls, called-by, tests, type or similar',
      },
      {
        name: 'steps',
        value: 'N',
        choices: ['1', '2'],
        about: '2: also callers of callers, and what is called by what it calls',
      },
      { name: 'limit', value: 'N', about: 'how many hits (default 10, at most 100)' },
    ],
  },
  {
    name: 'export',
    operands: '[PATH]',
    choices: 'folders',
    about: 'write the vectors of a folder to a file, for another machine; it has no texts and no paths',
    json: true,
    options: [{ name: 'output', value: 'FILE', about: 'the file (default index.lantern); -o is the same' }],
  },
  {
    name: 'import',
    operands: 'FILE',
    about: 'index a folder with the vectors of such a file, so that the model has little to do',
    json: true,
    options: [{ name: 'path', value: 'PATH', choices: 'folders', about: 'the folder (default: this one)' }],
  },
  { name: 'status', about: 'what is indexed, and what the daemon is doing', json: true },
  { name: 'memory', about: 'who holds how much memory', json: true },
  { name: 'models', about: 'the models, and which one is selected', json: true },
  { name: 'doctor', about: 'check every part, and say how to fix it', json: true },
  {
    name: 'group add',
    operands: 'NAME PATH…',
    choices: 'folders',
    about: 'put folders into a group, which is searched as one',
    json: true,
  },
  {
    name: 'group remove',
    operands: 'NAME [PATH…]',
    choices: 'folders',
    about: 'take folders out of a group, or dissolve it; indexes stay',
    json: true,
  },
  { name: 'group list', about: 'the groups and their folders', json: true },
  { name: 'remove', operands: 'PATH', choices: 'folders', about: "remove a folder's index" },
  { name: 'cache clear', about: 'free the memory of the model and of Chroma', json: true },
  {
    name: 'start',
    operands: '[--foreground]',
    about: 'start the daemon',
    options: [{ name: 'foreground', about: 'keep it in this terminal' }],
  },
  { name: 'stop', about: 'stop the daemon' },
  { name: 'mcp', about: 'serve an agent on standard input and output' },
  {
    name: 'mcp install',
    operands: '[AGENT…]',
    choices: 'agents',
    about: 'make agents on this machine use it; without names asks about each that is found',
    options: [all, project],
  },
  {
    name: 'mcp uninstall',
    operands: '[AGENT…]',
    choices: 'agents',
    about: 'take it out of their files again, which are then as before; same options',
    options: [all, project],
  },
  { name: 'mcp list', about: 'which agents are on this machine, and which use it', json: true },
  {
    name: 'mcp config',
    about: 'print what most agents take, to add it by hand',
    options: [
      {
        name: 'client',
        value: 'NAME',
        choices: 'agents',
        about: 'what this agent takes; http: address and token of the HTTP endpoint',
      },
    ],
  },
  { name: 'mcp token rotate', about: 'make a new token for the HTTP endpoint' },
  {
    name: 'completions',
    operands: 'SHELL',
    choices: shells,
    about: 'print what makes bash, zsh, fish or powershell complete these commands',
  },
];

/** The command that the words begin with, the longest that fits; `undefined` when there is none. */
export function commandOf(words: readonly string[]): Command | undefined {
  return commands
    .filter(({ name }) => name.split(' ').every((word, at) => words[at] === word))
    .sort((one, other) => other.name.length - one.name.length)[0];
}
