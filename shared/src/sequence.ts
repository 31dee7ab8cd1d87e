/** Runs pieces of work one after the other, in the order of the calls. A failure is for its caller alone. */
export class Sequence {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves when everything so far has ended. */
  get ended(): Promise<unknown> {
    return this.#last;
  }

  run<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
