import { addMoney, multiplyMoney, zero, type Money } from '../pricing/money.js';

export interface CartLine {
  readonly sku: string;
  readonly title: string;
  readonly unitPrice: Money;
  readonly quantity: number;
}

/** The most pieces of one article that a single customer may order. */
const MAX_QUANTITY_PER_LINE = 99;

/** A shopper's basket. Every change returns a new basket, so that the history can be undone. */
export class Cart {
  readonly #lines: readonly CartLine[];

  constructor(
    readonly currency: string,
    lines: readonly CartLine[] = [],
  ) {
    this.#lines = lines;
  }

  get lines(): readonly CartLine[] {
    return this.#lines;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** Adds a line, or raises the quantity of the one that has the same SKU. */
  add(line: CartLine): Cart {
    if (line.unitPrice.currency !== this.currency) {
      throw new RangeError(`Cannot mix ${line.unitPrice.currency} into a cart kept in ${this.currency}`);
    }
    const existing = this.#lines.find((candidate) => candidate.sku === line.sku);
    if (!existing) return new Cart(this.currency, [...this.#lines, clampQuantity(line)]);
    return this.setQuantity(line.sku, existing.quantity + line.quantity);
  }

  setQuantity(sku: string, quantity: number): Cart {
    if (quantity <= 0) return this.remove(sku);
    const lines = this.#lines.map((line) => (line.sku === sku ? clampQuantity({ ...line, quantity }) : line));
    return new Cart(this.currency, lines);
  }

  remove(sku: string): Cart {
    return new Cart(
      this.currency,
      this.#lines.filter((line) => line.sku !== sku),
    );
  }

  /** What the goods cost before discounts, tax and shipping. */
  subtotal(): Money {
    return this.#lines.reduce(
      (sum, line) => addMoney(sum, multiplyMoney(line.unitPrice, line.quantity)),
      zero(this.currency),
    );
  }
}

/**
 * Joins the basket of a visitor with the one stored in the account that they have just logged into.
 * Where both hold the same article the larger quantity wins: adding them up doubled orders for people
 * who had filled the basket on two devices.
 */
export function mergeGuestCart(guest: Cart, saved: Cart): Cart {
  let merged = saved;
  for (const line of guest.lines) {
    const kept = saved.lines.find((candidate) => candidate.sku === line.sku);
    if (!kept) merged = merged.add(line);
    else if (line.quantity > kept.quantity) merged = merged.setQuantity(line.sku, line.quantity);
  }
  return merged;
}

function clampQuantity(line: CartLine): CartLine {
  return { ...line, quantity: Math.min(line.quantity, MAX_QUANTITY_PER_LINE) };
}
