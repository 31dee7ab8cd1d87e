/** Something that holds a resource until `dispose` is called; calling it twice does no harm. */
export interface Disposable {
  dispose(): void;
}

/** Wraps `release` so that it runs once, however often `dispose` is called. */
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

/** Listeners of one event. A listener that throws does not keep the others from being called. */
export class Emitter<T> {
  readonly #listeners = new Set<(event: T) => void>();

  /** Number of listeners now; tests use it to find leaks. */
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
        // The emitter has no log of its own; an uncaught error in a later turn reaches the process's handler.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
