import { startDaemon } from './daemon/daemon.js';
import { errorMessage } from '../../shared/src/errors.js';

try {
  // 0 tells whoever started this process that another daemon serves.
  if ((await startDaemon({ foreground: process.argv.includes('--foreground') })) === 'taken') process.exit(0);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exit(1);
}
