import type { Money } from '../pricing/money.js';

export type ChargeOutcome =
  | { readonly status: 'captured'; readonly transactionId: string }
  | { readonly status: 'declined'; readonly reason: string }
  | { readonly status: 'unknown' };

export interface PaymentGateway {
  charge(request: { amount: Money; token: string; idempotencyKey: string }): Promise<ChargeOutcome>;
}

export interface RetryOptions {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** Refusals that will be the same in a minute; asking again only annoys the issuing bank. */
const FINAL_DECLINES = new Set(['stolen_card', 'lost_card', 'do_not_honor', 'expired_card', 'incorrect_cvc']);

/**
 * Takes the customer's money once, however often the line drops. The key is made from the order and not from
 * the attempt, so the processor recognises a repeat and does not bill twice.
 */
export async function chargeWithRetry(
  gateway: PaymentGateway,
  order: { id: string; total: Money; cardToken: string },
  options: RetryOptions,
): Promise<ChargeOutcome> {
  const idempotencyKey = `order-${order.id}-capture`;
  let last: ChargeOutcome = { status: 'unknown' };

  for (let attempt = 0; attempt < options.attempts; attempt++) {
    if (attempt > 0) await options.sleep(delayBefore(attempt, options));
    try {
      last = await gateway.charge({ amount: order.total, token: order.cardToken, idempotencyKey });
    } catch (error) {
      if (!isTransient(error)) throw error;
      last = { status: 'unknown' };
      continue;
    }
    if (last.status === 'captured') return last;
    if (last.status === 'declined' && FINAL_DECLINES.has(last.reason)) return last;
  }
  return last;
}

/** Doubles each time, with up to half of it random, so that a crowd of waiting shoppers does not return at once. */
function delayBefore(attempt: number, { firstDelayMs, random }: RetryOptions): number {
  const base = firstDelayMs * 2 ** (attempt - 1);
  return base / 2 + (base / 2) * random();
}

function isTransient(error: unknown): boolean {
  const code = (error as { code?: string }).code;
  return code === 'ECONNRESET' || code === 'ETIMEDOUT' || code === 'EAI_AGAIN';
}
