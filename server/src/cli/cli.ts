#!/usr/bin/env node
// The command line: reads the arguments and runs one command. It asks the daemon, and does no work of its own.
import { LanternError, errorMessage } from '../../../shared/src/errors.js';
import { safeLines } from '../../../shared/src/safeText.js';
import { build } from '../../../shared/src/protocol/build.js';
import { cacheCommand } from './commands/cache.js';
import { completeCommand, completionsCommand } from './commands/completions.js';
import { doctorCommand } from './commands/doctor.js';
import { groupCommand } from './commands/group.js';
import { indexCommand } from './commands/index.js';
import { mcpCommand } from './commands/mcp.js';
import { memoryCommand } from './commands/memory.js';
import { modelsCommand } from './commands/models.js';
import { relatedCommand } from './commands/related.js';
import { exportCommand, importCommand } from './commands/exchange.js';
import { removeCommand } from './commands/remove.js';
import { searchCommand } from './commands/search.js';
import { startCommand, stopCommand } from './commands/start.js';
import { statusCommand } from './commands/status.js';
import { parse } from './options.js';
import { print } from './terminal.js';
import { helpOf, usage } from './usage.js';

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  // Its words are those of a line that is not complete, and none of its own options.
  if (command === 'complete') return completeCommand(rest, print);
  const { positionals, values } = parse(rest);
  if (
    command === undefined ||
    command === 'help' ||
    command === '--help' ||
    command === '-h' ||
    values.help === true
  ) {
    print(
      command === undefined ? usage : helpOf(command === 'help' ? positionals : [command, ...positionals]),
    );
    return command === undefined ? 2 : 0;
  }
  switch (command) {
    case 'index':
      return indexCommand(positionals, values);
    case 'search':
      return searchCommand(positionals, values);
    case 'related':
      return relatedCommand(positionals, values);
    case 'status':
      return statusCommand(values);
    case 'memory':
      return memoryCommand(values);
    case 'models':
      return modelsCommand(values);
    case 'doctor':
      return doctorCommand(values);
    case 'export':
      return exportCommand(positionals, values);
    case 'import':
      return importCommand(positionals, values);
    case 'group':
      return groupCommand(positionals, values);
    case 'remove':
      return removeCommand(positionals);
    case 'cache':
      return cacheCommand(positionals, values);
    case 'start':
      return startCommand(values);
    case 'stop':
      return stopCommand();
    case 'mcp':
      return mcpCommand(positionals, values, print);
    case 'completions':
      return completionsCommand(positionals, print);
    case '--version':
    case '-v':
    case 'version':
      print(build.version);
      return 0;
    default:
      throw new LanternError('bad-request', `"${command}" is no command.\n\n${usage}`);
  }
}

/** Waits until the pipe has taken everything; `process.exit` does not wait. */
async function flush(): Promise<void> {
  await new Promise<void>((done) => process.stdout.write('', () => done()));
}

// A reader that ends early (`lantern search … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 2));

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const interrupted = error instanceof LanternError && error.code === 'cancelled';
  process.stderr.write(
    `lantern: ${safeLines(errorMessage(error))}${interrupted ? ' What was finished is kept.' : ''}\n`,
  );
  process.exitCode = interrupted ? 130 : 2;
}
await flush();
