import type { Disposable } from '../../../shared/src/disposable.js';

/** A client that was accepted. `closed` resolves when the client asks to end; `dispose` is called when its socket is gone. */
export interface OpenSession extends Disposable {
  readonly closed: Promise<void>;
}
