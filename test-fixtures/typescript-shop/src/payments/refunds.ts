import { subtractMoney, type Money } from '../pricing/money.js';

export interface CapturedPayment {
  readonly transactionId: string;
  readonly captured: Money;
  readonly refunded: Money;
  readonly capturedAt: Date;
}

export interface RefundRequest {
  readonly amount: Money;
  readonly reason: 'returned' | 'damaged' | 'goodwill' | 'duplicate';
  readonly requestedBy: string;
}

/** Card schemes accept a credit for this long; after that the money goes out by bank transfer. */
const CARD_REFUND_WINDOW_DAYS = 180;

/** Amounts above this need a second pair of eyes, in minor units. */
const APPROVAL_THRESHOLD_MINOR = 25_000;

export type RefundPlan =
  | { readonly route: 'card'; readonly transactionId: string; readonly amount: Money }
  | { readonly route: 'bank-transfer'; readonly amount: Money }
  | { readonly route: 'needs-approval'; readonly amount: Money };

/** Works out how money flows back to a customer, and refuses to return more than was ever taken. */
export function planRefund(payment: CapturedPayment, request: RefundRequest, now: Date): RefundPlan {
  const refundable = subtractMoney(payment.captured, payment.refunded);
  if (request.amount.minor > refundable.minor) {
    throw new RangeError(
      `Refund of ${request.amount.minor} exceeds the ${refundable.minor} left on ${payment.transactionId}`,
    );
  }
  if (request.reason === 'goodwill' && request.amount.minor > APPROVAL_THRESHOLD_MINOR) {
    return { route: 'needs-approval', amount: request.amount };
  }
  const ageDays = (now.getTime() - payment.capturedAt.getTime()) / 86_400_000;
  return ageDays <= CARD_REFUND_WINDOW_DAYS
    ? { route: 'card', transactionId: payment.transactionId, amount: request.amount }
    : { route: 'bank-transfer', amount: request.amount };
}
