import { type Disposable, disposeOnce } from '../../../shared/src/disposable.js';

/** Counts running jobs, and remembers whether one has ended since `takeEnded` last returned true. */
export class WorkCounter {
  readonly #busy: (job: string) => Disposable;
  #running = 0;
  #endedAt: number | undefined;

  constructor(busy: (job: string) => Disposable) {
    this.#busy = busy;
  }

  get running(): boolean {
    return this.#running > 0;
  }

  begin(job: string): Disposable {
    const counted = this.#busy(job);
    this.#running++;
    return disposeOnce(() => {
      this.#running--;
      this.#endedAt = performance.now();
      counted.dispose();
    });
  }

  /** Work that has ended counts as if it ended now: someone searches. */
  postpone(): void {
    if (this.#endedAt !== undefined) this.#endedAt = performance.now();
  }

  /** True once, when there has been no job and no search for `ms` after some work. */
  takeEnded(ms: number): boolean {
    if (this.running || this.#endedAt === undefined || performance.now() - this.#endedAt < ms) return false;
    this.#endedAt = undefined;
    return true;
  }
}
