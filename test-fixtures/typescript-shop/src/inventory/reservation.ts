export interface StockRow {
  readonly sku: string;
  readonly onHand: number;
  readonly held: number;
  /** Raised by every write; a write that names an old version changes nothing. */
  readonly version: number;
}

export interface StockTable {
  read(sku: string): Promise<StockRow | undefined>;
  /** True when the row still had `expectedVersion` and was written. */
  compareAndSet(row: StockRow, expectedVersion: number): Promise<boolean>;
}

export interface Hold {
  readonly sku: string;
  readonly quantity: number;
  readonly expiresAt: number;
}

/** How long goods stay set aside while the customer types their card number. */
const HOLD_MINUTES = 15;
const MAX_CONFLICTS = 5;

export class OutOfStockError extends Error {
  constructor(
    readonly sku: string,
    readonly available: number,
  ) {
    super(`Only ${available} left of ${sku}`);
    this.name = 'OutOfStockError';
  }
}

/**
 * Sets pieces aside during checkout so that the last one is not sold to two people. Two shoppers may race for
 * the same row: the loser reads again and tries once more, without any lock being held.
 */
export async function reserveStock(
  table: StockTable,
  sku: string,
  quantity: number,
  now: number,
): Promise<Hold> {
  for (let conflict = 0; conflict < MAX_CONFLICTS; conflict++) {
    const row = await table.read(sku);
    const available = row ? row.onHand - row.held : 0;
    if (!row || available < quantity) throw new OutOfStockError(sku, available);
    const next = { ...row, held: row.held + quantity, version: row.version + 1 };
    if (await table.compareAndSet(next, row.version)) {
      return { sku, quantity, expiresAt: now + HOLD_MINUTES * 60_000 };
    }
  }
  throw new Error(`Stock of ${sku} is changing too fast; gave up after ${MAX_CONFLICTS} tries`);
}

/** Gives back what abandoned checkouts still hold. Runs every minute. */
export async function releaseExpiredHolds(
  table: StockTable,
  holds: readonly Hold[],
  now: number,
): Promise<Hold[]> {
  const kept: Hold[] = [];
  for (const hold of holds) {
    if (hold.expiresAt > now) {
      kept.push(hold);
      continue;
    }
    const row = await table.read(hold.sku);
    if (!row) continue;
    const freed = { ...row, held: Math.max(0, row.held - hold.quantity), version: row.version + 1 };
    if (!(await table.compareAndSet(freed, row.version))) kept.push(hold);
  }
  return kept;
}
