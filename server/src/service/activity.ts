import { disposeOnce } from '../../../shared/src/disposable.js';
import type { Disposable } from '../../../shared/src/disposable.js';

export type ActivityKind = 'session' | 'request' | 'job';

/** Something that keeps the daemon from exiting. */
export interface Activity {
  readonly kind: ActivityKind;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The clock and timers. Tests replace them. */
export interface Timers {
  now(): number;
  /** Calls back once after `ms`, without keeping the process alive. */
  after(ms: number, run: () => void): Disposable;
}

export const systemTimers: Timers = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return disposeOnce(() => clearTimeout(timer));
  },
};

/** Node's timers fire at once for a longer delay. */
const longestDelayMs = 2 ** 31 - 1;

/** Counts sessions, requests and jobs, and calls back when there has been none for a while. */
export class ActivityCounter implements Disposable {
  readonly #onIdle: () => void;
  readonly #timers: Timers;
  readonly #active = new Set<Activity>();
  #idleMs: number;
  #idleSince: number;
  #timer: Disposable | undefined;
  #done = false;

  /** `onIdle` is called at most once, and never when `idleMs` is 0. */
  constructor(idleMs: number, onIdle: () => void, timers: Timers = systemTimers) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
    this.#timers = timers;
    this.#idleSince = timers.now();
    this.#arm();
  }

  /** Counts an activity until the result is disposed of. Disposing twice has no further effect. */
  begin(kind: ActivityKind, name: string): Disposable {
    const activity: Activity = { kind, name, since: this.#timers.now() };
    this.#active.add(activity);
    this.#disarm();
    return disposeOnce(() => {
      this.#active.delete(activity);
      if (this.#active.size > 0) return;
      this.#idleSince = this.#timers.now();
      this.#arm();
    });
  }

  /** The activities that run now, oldest first. */
  active(): readonly Activity[] {
    return [...this.#active];
  }

  /** Changes the idle time. It counts from the end of the last activity. */
  setIdleMs(idleMs: number): void {
    this.#idleMs = idleMs;
    this.#disarm();
    if (this.#active.size === 0) this.#arm();
  }

  dispose(): void {
    this.#done = true;
    this.#disarm();
  }

  #arm(): void {
    if (this.#done || this.#idleMs <= 0) return;
    const left = Math.max(0, this.#idleSince + this.#idleMs - this.#timers.now());
    this.#timer = this.#timers.after(Math.min(left, longestDelayMs), () => this.#fire());
  }

  #disarm(): void {
    this.#timer?.dispose();
    this.#timer = undefined;
  }

  #fire(): void {
    this.#timer = undefined;
    if (this.#done || this.#active.size > 0) return;
    if (this.#timers.now() < this.#idleSince + this.#idleMs) {
      this.#arm();
      return;
    }
    this.#done = true;
    this.#onIdle();
  }
}
