export interface Bucket {
  tokens: number;
  updatedAt: number;
}

export interface RateLimitRule {
  /** Requests that may come at once. */
  readonly burst: number;
  /** Requests per second in the long run. */
  readonly refillPerSecond: number;
}

export type Verdict =
  | { readonly allowed: true; readonly remaining: number }
  | { readonly allowed: false; readonly retryAfterSeconds: number };

/** Keeps one visitor from hammering the API: each caller owns a bucket that fills up with time. */
export class TokenBucketLimiter {
  readonly #buckets = new Map<string, Bucket>();
  readonly #rule: RateLimitRule;
  readonly #now: () => number;

  constructor(rule: RateLimitRule, now: () => number = Date.now) {
    this.#rule = rule;
    this.#now = now;
  }

  take(caller: string): Verdict {
    const now = this.#now();
    const bucket = this.#buckets.get(caller) ?? { tokens: this.#rule.burst, updatedAt: now };
    const elapsed = (now - bucket.updatedAt) / 1000;
    bucket.tokens = Math.min(this.#rule.burst, bucket.tokens + elapsed * this.#rule.refillPerSecond);
    bucket.updatedAt = now;
    this.#buckets.set(caller, bucket);
    if (bucket.tokens < 1) {
      return {
        allowed: false,
        retryAfterSeconds: Math.ceil((1 - bucket.tokens) / this.#rule.refillPerSecond),
      };
    }
    bucket.tokens -= 1;
    return { allowed: true, remaining: Math.floor(bucket.tokens) };
  }

  /** Forgets callers whose bucket has been full for a while, so that the map does not grow for ever. */
  sweep(): void {
    const fullAfterMs = (this.#rule.burst / this.#rule.refillPerSecond) * 1000;
    for (const [caller, bucket] of this.#buckets) {
      if (this.#now() - bucket.updatedAt > fullAfterMs) this.#buckets.delete(caller);
    }
  }
}

/** Status and headers of the answer to a caller who came too often. */
export function tooManyRequests(verdict: Extract<Verdict, { allowed: false }>): {
  status: 429;
  headers: Record<string, string>;
} {
  return { status: 429, headers: { 'retry-after': String(verdict.retryAfterSeconds) } };
}
