/** The owner of a resource, until `dispose` is called. Calling it twice does no harm. */
export interface Disposable {
  dispose(): void;
}

/** A disposable that calls `release` once, however often `dispose` is called. */
export function disposeOnce(release: () => void): Disposable {
  let released = false;
  return {
    dispose() {
      if (released) return;
      released = true;
      release();
    },
  };
}

/** The listeners of an event. A listener that throws does not prevent the others. */
export class Emitter<T> {
  readonly #listeners = new Set<(event: T) => void>();

  /** Number of listeners. Tests use it to find leaks. */
  get size(): number {
    return this.#listeners.size;
  }

  on(listener: (event: T) => void): Disposable {
    const own = (event: T): void => listener(event);
    this.#listeners.add(own);
    return disposeOnce(() => this.#listeners.delete(own));
  }

  emit(event: T): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        // The emitter has no log, so the error is thrown in a later turn and reaches the process's handler.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
