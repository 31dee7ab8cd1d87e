import { createHmac, timingSafeEqual } from 'node:crypto';

export interface WebhookEvent {
  readonly id: string;
  readonly type: 'payment.captured' | 'payment.refunded' | 'payment.disputed';
  readonly orderId: string;
}

export interface EventLedger {
  /** Stores the id and answers whether it was new. */
  remember(eventId: string): Promise<boolean>;
}

/** Messages older than this many seconds are refused: somebody may be replaying a recorded one. */
const TOLERANCE_SECONDS = 300;

export class InvalidSignatureError extends Error {
  constructor(reason: string) {
    super(`Webhook signature rejected: ${reason}`);
    this.name = 'InvalidSignatureError';
  }
}

/**
 * Proves that a callback really comes from the payment processor before anything in it is believed.
 * The header reads `t=<unix seconds>,v1=<hex digest>`; the digest covers the time and the raw body.
 */
export function verifySignature(rawBody: string, header: string, secret: string, nowSeconds: number): void {
  const fields = new Map(header.split(',').map((part) => part.split('=', 2) as [string, string]));
  const timestamp = Number(fields.get('t'));
  const given = fields.get('v1');
  if (!Number.isFinite(timestamp) || given === undefined) throw new InvalidSignatureError('malformed header');
  if (Math.abs(nowSeconds - timestamp) > TOLERANCE_SECONDS)
    throw new InvalidSignatureError('timestamp outside tolerance');

  const expected = createHmac('sha256', secret).update(`${timestamp}.${rawBody}`).digest();
  const actual = Buffer.from(given, 'hex');
  if (actual.length !== expected.length || !timingSafeEqual(actual, expected)) {
    throw new InvalidSignatureError('digest does not match');
  }
}

/** Hands an event on once; the processor repeats a delivery until it has seen a 200. */
export async function dispatchOnce(
  event: WebhookEvent,
  ledger: EventLedger,
  handlers: Readonly<Record<WebhookEvent['type'], (event: WebhookEvent) => Promise<void>>>,
): Promise<'handled' | 'duplicate'> {
  if (!(await ledger.remember(event.id))) return 'duplicate';
  await handlers[event.type](event);
  return 'handled';
}
