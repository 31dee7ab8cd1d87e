import { createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly passwordHash: string;
}

const LINK_LIFETIME_MS = 60 * 60_000;

/**
 * Makes the one-time link for somebody who cannot remember their credentials. The present hash is part of the
 * signature, so the link dies by itself as soon as it has been used; nothing has to be stored.
 */
export function createResetToken(account: Account, secret: string, now: number): string {
  const expires = now + LINK_LIFETIME_MS;
  return `${account.id}.${expires}.${sign(account, expires, secret)}`;
}

export function checkResetToken(token: string, account: Account, secret: string, now: number): boolean {
  const [id, expiresText, signature] = token.split('.');
  const expires = Number(expiresText);
  if (id !== account.id || signature === undefined || !(expires > now)) return false;
  const expected = Buffer.from(sign(account, expires, secret));
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** Stored form: `scrypt$<salt>$<key>`, both in hex. */
export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  return `scrypt$${salt.toString('hex')}$${scryptSync(password, salt, 32).toString('hex')}`;
}

function sign(account: Account, expires: number, secret: string): string {
  return createHmac('sha256', secret)
    .update(`${account.id}|${expires}|${account.passwordHash}`)
    .digest('base64url');
}
