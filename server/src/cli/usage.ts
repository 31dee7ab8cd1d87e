import { type Command, type CommandOption, commandOf, commands } from './commandTable.js';

const width = 22;

/** Options in a command's own help that the usage leaves to its last lines, or shows beside the command. */
const unlisted = new Set(['start', 'mcp uninstall']);

const optionLine = ({ name, value, about }: CommandOption): string =>
  `      ${`--${name}${value === undefined ? '' : ` ${value}`}`.padEnd(width - 2)}  ${about}`;

const title = ({ name, operands }: Command): string =>
  operands === undefined ? name : `${name} ${operands}`;

/** What `lantern --help` prints. */
export const usage = `Usage: lantern COMMAND

${commands
  .flatMap((command) => [
    `  ${title(command).padEnd(width)}  ${command.about}`,
    ...(unlisted.has(command.name) ? [] : (command.options ?? []).map(optionLine)),
  ])
  .join('\n')}

lantern COMMAND --help says this of one command, lantern --version the version. Every command but start, stop, remove,
completions and mcp takes --json; mcp list does. LANTERN_HOME moves all data.
Exit status: 0 with hits or done, 1 with no hits, 2 on an error, 130 when interrupted.`;

/** What `lantern COMMAND --help` prints; the whole usage when the words name no command. */
export function helpOf(words: readonly string[]): string {
  const named = commandOf(words);
  const first = words[0];
  const found = named !== undefined ? [named] : [];
  // `mcp` alone is a command, and `cache` is none: their help has all that begin with it.
  const group =
    first !== undefined && (named === undefined || named.name === first)
      ? commands.filter(({ name }) => name.startsWith(`${first} `))
      : [];
  const shown = [...found, ...group];
  return shown.length === 0 ? usage : shown.map(helpOfOne).join('\n\n');
}

function helpOfOne(command: Command): string {
  const options = [
    ...(command.options ?? []),
    ...(command.json === true ? [{ name: 'json' as const, about: 'print the answer as JSON' }] : []),
  ];
  return [`Usage: lantern ${title(command)}`, `  ${command.about}`, ...options.map(optionLine)].join('\n');
}
