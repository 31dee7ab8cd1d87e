/** Holds work between two steps, from `close` to `open`. */
export class PauseGate {
  #opened: (() => void) | undefined;
  #waiting: Promise<void> = Promise.resolve();

  get closed(): boolean {
    return this.#opened !== undefined;
  }

  close(): void {
    if (this.closed) return;
    this.#waiting = new Promise((settle) => (this.#opened = settle));
  }

  open(): void {
    this.#opened?.();
    this.#opened = undefined;
  }

  /** Resolves when the gate is open or `signal` has fired. */
  async passed(signal: AbortSignal): Promise<void> {
    while (this.closed && !signal.aborted) {
      let abort: () => void = () => undefined;
      const aborted = new Promise<void>((settle) => (abort = settle));
      signal.addEventListener('abort', abort, { once: true });
      await Promise.race([this.#waiting, aborted]);
      signal.removeEventListener('abort', abort);
    }
  }
}
