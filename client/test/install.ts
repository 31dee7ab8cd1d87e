// Installs what the suites inside VS Code need, once for all clones: node out/client/test/install.js Exits with 0
// when it is installed, and with 3 and a reason where that is impossible.
import { errorMessage } from '../../shared/src/errors.js';
import { prepareWay } from './harness/chooseWay.js';
import { CannotBeHad } from './harness/cache.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
try {
  await prepareWay(say);
} catch (error) {
  say(`VS Code for the tests: ${errorMessage(error)}`);
  process.exitCode = error instanceof CannotBeHad ? 3 : 1;
}
