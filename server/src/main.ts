import { errorMessage } from '../../shared/src/errors.js';
import { type CreateServices, startDaemon } from './daemon/daemon.js';

/** Loaded late: a process that loses the claim loads nothing heavy. */
const createServices: CreateServices = async (...args) =>
  (await import('./composition.js')).createServices(...args);

try {
  // 0 tells the process that started this one that another daemon serves.
  const foreground = process.argv.includes('--foreground');
  if ((await startDaemon({ foreground }, createServices)) === 'taken') process.exit(0);
} catch (error) {
  process.stderr.write(`${errorMessage(error)}\n`);
  process.exit(1);
}
