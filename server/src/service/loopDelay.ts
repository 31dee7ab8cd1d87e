import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { LoopDelay } from '../../../shared/src/protocol/protocol.js';

const resolutionMs = 1;

/**
 * How late the timers of this thread are, by `perf_hooks.monitorEventLoopDelay`, since the first call of `read` or the
 * last of `restart`. Its timer wakes the processor a thousand times a second, so it runs only in a daemon that a
 * benchmark measures.
 */
export class LoopDelayMeter {
  readonly #isWanted: boolean;
  #histogram: IntervalHistogram | undefined;
  #busiestTurnMs: number | undefined;

  constructor(env: NodeJS.ProcessEnv) {
    this.#isWanted = env['LANTERN_MEASURE_LOOP'] === '1';
  }

  read(): LoopDelay | undefined {
    if (!this.#isWanted) return undefined;
    if (this.#histogram === undefined) {
      this.#histogram = monitorEventLoopDelay({ resolution: resolutionMs });
      this.#histogram.enable();
      this.#watchTurns();
    }
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs);
    const { max } = this.#histogram;
    const [p50, p99] = [this.#histogram.percentile(50), this.#histogram.percentile(99)];
    const busiestTurnMs = this.#busiestTurnMs;
    return {
      p50Ms: late(p50),
      p99Ms: late(p99),
      maxMs: late(max),
      ...(busiestTurnMs !== undefined && { busiestTurnMs }),
    };
  }

  restart(): void {
    this.#histogram?.reset();
    this.#busiestTurnMs = undefined;
  }

  /** A timer that is due in every turn: between two of its calls is one turn, or a few short ones. */
  #watchTurns(): void {
    const { threadCpuUsage } = process as { threadCpuUsage?: () => NodeJS.CpuUsage };
    if (threadCpuUsage === undefined) return;
    const usedMs = (): number => {
      const { user, system } = threadCpuUsage.call(process);
      return (user + system) / 1000;
    };
    let before = usedMs();
    setInterval(() => {
      const now = usedMs();
      this.#busiestTurnMs = Math.max(this.#busiestTurnMs ?? 0, now - before);
      before = now;
    }, resolutionMs).unref();
  }
}
