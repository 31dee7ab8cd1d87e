import type { Cart } from '../cart/cart.js';
import { multiplyMoney, type Money } from './money.js';

export type Promotion =
  | { readonly kind: 'percent'; readonly code: string; readonly percent: number; readonly exclusive: boolean }
  | { readonly kind: 'amount'; readonly code: string; readonly off: Money; readonly minimumSpend: Money }
  | {
      readonly kind: 'buy-x-get-y';
      readonly code: string;
      readonly sku: string;
      readonly buy: number;
      readonly free: number;
    };

export interface AppliedPromotion {
  readonly code: string;
  readonly discount: Money;
}

/** Codes are printed on paper; accept what people type: lower case, blanks, the letter O for a zero. */
export function normaliseCode(typed: string): string {
  return typed
    .trim()
    .toUpperCase()
    .replace(/[\s-]/g, '')
    .replace(/O(?=\d)/g, '0');
}

/**
 * Decides which vouchers count when a customer has entered several. An exclusive one stands alone: the best
 * exclusive offer is compared with the sum of all that may be combined, and the customer gets the better deal.
 */
export function bestCombination(cart: Cart, promotions: readonly Promotion[]): AppliedPromotion[] {
  const priced = promotions
    .map((promotion) => ({ promotion, discount: discountFor(cart, promotion) }))
    .filter((entry) => entry.discount.minor > 0);
  const exclusive = priced.filter(({ promotion }) => promotion.kind === 'percent' && promotion.exclusive);
  const stackable = priced.filter((entry) => !exclusive.includes(entry));

  const stackedTotal = stackable.reduce((sum, entry) => sum + entry.discount.minor, 0);
  const bestExclusive = exclusive.sort((a, b) => b.discount.minor - a.discount.minor)[0];
  const chosen = bestExclusive && bestExclusive.discount.minor > stackedTotal ? [bestExclusive] : stackable;

  let remaining = cart.subtotal().minor;
  return chosen.map(({ promotion, discount }) => {
    // The sum of all vouchers never takes the order below nothing.
    const minor = Math.min(discount.minor, remaining);
    remaining -= minor;
    return { code: promotion.code, discount: { ...discount, minor } };
  });
}

function discountFor(cart: Cart, promotion: Promotion): Money {
  const subtotal = cart.subtotal();
  switch (promotion.kind) {
    case 'percent':
      return multiplyMoney(subtotal, promotion.percent / 100);
    case 'amount':
      return subtotal.minor >= promotion.minimumSpend.minor ? promotion.off : { ...promotion.off, minor: 0 };
    case 'buy-x-get-y': {
      const line = cart.lines.find((candidate) => candidate.sku === promotion.sku);
      if (!line) return { minor: 0, currency: cart.currency };
      const bundles = Math.floor(line.quantity / (promotion.buy + promotion.free));
      return multiplyMoney(line.unitPrice, bundles * promotion.free);
    }
  }
}
