interface RateProgress {
  readonly done: number;
  readonly total: number;
  readonly rate: number;
  readonly secondsLeft: number;
}

/** Steps per second over the last few seconds. */
export class Rate {
  readonly #times: number[] = [];

  add(steps: number): void {
    const now = performance.now();
    for (let i = 0; i < steps; i++) this.#times.push(now);
    while (this.#times.length > 1000 || now - (this.#times[0] ?? now) > 5000) this.#times.shift();
  }

  perSecond(): number {
    const first = this.#times[0];
    const last = this.#times.at(-1);
    if (first === undefined || last === undefined || last <= first) return 0;
    return ((this.#times.length - 1) * 1000) / (last - first);
  }

  /** How far something is, for those who show it. */
  progress(done: number, total: number): RateProgress {
    return { done, total, rate: this.perSecond(), secondsLeft: this.secondsFor(total - done) };
  }

  secondsFor(steps: number): number {
    const rate = this.perSecond();
    return rate === 0 ? -1 : steps / rate;
  }
}
