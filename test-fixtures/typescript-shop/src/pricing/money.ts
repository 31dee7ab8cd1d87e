/** An amount in the smallest unit of its currency (cents, pence, yen); never a float. */
export interface Money {
  readonly minor: number;
  readonly currency: string;
}

const DECIMALS: Readonly<Record<string, number>> = { EUR: 2, USD: 2, GBP: 2, CHF: 2, JPY: 0, KWD: 3 };

export function zero(currency: string): Money {
  return { minor: 0, currency };
}

export function addMoney(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return { minor: a.minor + b.minor, currency: a.currency };
}

export function subtractMoney(a: Money, b: Money): Money {
  assertSameCurrency(a, b);
  return { minor: a.minor - b.minor, currency: a.currency };
}

export function multiplyMoney(amount: Money, factor: number): Money {
  return { minor: roundHalfEven(amount.minor * factor), currency: amount.currency };
}

/** Rounds to the nearest whole number; exact halves go to the even neighbour, so that errors cancel out over many orders. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction < 0.5) return floor;
  if (fraction > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Splits an amount into parts in proportion to `weights` without losing a cent: what rounding leaves over
 * goes to the parts with the largest remainders.
 */
export function allocate(amount: Money, weights: readonly number[]): Money[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total <= 0) throw new RangeError('allocate needs at least one positive weight');
  const exact = weights.map((weight) => (amount.minor * weight) / total);
  const shares = exact.map(Math.floor);
  let left = amount.minor - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder);
  for (const { index } of byRemainder) {
    if (left-- <= 0) break;
    shares[index] = (shares[index] ?? 0) + 1;
  }
  return shares.map((minor) => ({ minor, currency: amount.currency }));
}

/** Text for people, in the conventions of `locale`. */
export function formatMoney(amount: Money, locale: string): string {
  const digits = DECIMALS[amount.currency] ?? 2;
  return new Intl.NumberFormat(locale, { style: 'currency', currency: amount.currency }).format(
    amount.minor / 10 ** digits,
  );
}

function assertSameCurrency(a: Money, b: Money): void {
  if (a.currency !== b.currency) throw new RangeError(`Currency mismatch: ${a.currency} and ${b.currency}`);
}
