import type { Disposable } from '../../shared/src/disposable.js';

/** Disposes of the disposables that it owns, the last one first, once. */
export class Owner implements Disposable {
  readonly #owned: Disposable[] = [];
  #disposed = false;

  own<T extends Disposable>(disposable: T): T {
    if (this.#disposed) disposable.dispose();
    else this.#owned.push(disposable);
    return disposable;
  }

  dispose(): void {
    this.#disposed = true;
    for (const owned of this.#owned.splice(0).reverse()) owned.dispose();
  }
}
