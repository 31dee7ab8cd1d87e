import type { Disposable } from '../../../shared/src/disposable.js';

/** One client that was let in. `dispose` is called when its socket is gone; `closed` settles when it wants to end. */
export interface OpenSession extends Disposable {
  readonly closed: Promise<void>;
}
