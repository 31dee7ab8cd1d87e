import type { Disposable } from '../../../shared/src/disposable.js';
import { disposeOnce } from '../../../shared/src/disposable.js';
import { errorMessage } from '../../../shared/src/errors.js';
import type { Log } from '../../../shared/src/log.js';

/** Why the daemon ends. `lost`: its endpoint or data folder is no longer its own. `crash`: an uncaught error. */
export type StopReason = 'stop' | 'takeover' | 'idle' | 'lost' | 'signal' | 'crash';

/** The events of `process` that end it. Tests give an emitter of their own. */
export interface ProcessEvents {
  on(event: string, listener: (argument: unknown) => void): unknown;
  off(event: string, listener: (argument: unknown) => void): unknown;
}

export interface ShutdownOptions {
  /** Finishes and closes everything. Called once. */
  readonly close: (reason: StopReason) => Promise<void>;
  /** After this time the process exits, whatever is still open. */
  readonly limitMs: number;
  readonly log: Log;
  readonly exit: (code: number) => void;
}

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/** Leads every reason to end to one shutdown, which runs once and in limited time. */
export class Shutdown {
  readonly #options: ShutdownOptions;
  #reason: StopReason | undefined;

  constructor(options: ShutdownOptions) {
    this.#options = options;
  }

  /** The reason, once it is ending. */
  get reason(): StopReason | undefined {
    return this.#reason;
  }

  /** Closes and exits with code 0, or 1 after a crash, a failed close or at the time limit. The first reason counts. */
  begin(reason: StopReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    void this.#run(reason);
  }

  async #run(reason: StopReason): Promise<void> {
    const { close, limitMs, log, exit } = this.#options;
    log.write('info', 'daemon.stop', { reason });
    const limit = setTimeout(() => {
      log.write('error', 'daemon.stop.timeout', { reason, limitMs });
      exit(1);
    }, limitMs);
    let code = reason === 'crash' ? 1 : 0;
    try {
      await close(reason);
    } catch (error) {
      log.write('error', 'daemon.stop.failed', { reason, error: errorMessage(error) });
      code = 1;
    }
    clearTimeout(limit);
    exit(code);
  }

  /** Listens to signals and uncaught errors. A second signal exits at once. */
  listen(events: ProcessEvents): Disposable {
    const { log, exit } = this.#options;
    const onSignal = (name: unknown): void => {
      log.write('info', 'daemon.signal', { signal: String(name) });
      if (this.#reason === 'signal') exit(1);
      else this.begin('signal');
    };
    const onError = (error: unknown): void => {
      const stack = error instanceof Error ? error.stack : undefined;
      log.write('error', 'daemon.crash', { error: errorMessage(error), stack });
      this.begin('crash');
    };
    const pairs: [string, (argument: unknown) => void][] = [
      ...signals.map((name): [string, (argument: unknown) => void] => [name, onSignal]),
      ['uncaughtException', onError],
      ['unhandledRejection', onError],
    ];
    for (const [event, listener] of pairs) events.on(event, listener);
    return disposeOnce(() => {
      for (const [event, listener] of pairs) events.off(event, listener);
    });
  }
}
