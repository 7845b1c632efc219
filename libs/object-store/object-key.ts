import type { ObjectKey } from './port.ts';

/** Longest key, in characters, all ASCII. */
const MAX_KEY_LENGTH = 512;

const KEY = /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*$/;
const PREFIX = /^(?!\/)(?!.*\/\/)[A-Za-z0-9._/-]*$/;

/** @throws {TypeError} if `key` is not a valid object key, which is the caller's bug */
export function assertObjectKey(key: ObjectKey): void {
  if (key.length > MAX_KEY_LENGTH || !KEY.test(key)) {
    throw new TypeError(`not an object key: ${shown(key)}`);
  }
}

/** @throws {TypeError} if no object key can start with `prefix` */
export function assertKeyPrefix(prefix: string): void {
  if (prefix.length > MAX_KEY_LENGTH || !PREFIX.test(prefix)) {
    throw new TypeError(`not a prefix of object keys: ${shown(prefix)}`);
  }
}

/** @throws {TypeError} if `expiresAt` is not a point in time */
export function assertExpiry(expiresAt: Date): void {
  if (Number.isNaN(expiresAt.getTime())) {
    throw new TypeError('the expiry of an object must be a valid date');
  }
}

/**
 * The least string greater than every key with this prefix: DEL sorts after every character of a
 * key.
 */
export function endOfPrefix(prefix: string): string {
  return `${prefix}\u007f`;
}

function shown(value: string): string {
  const head = value.slice(0, 80);
  return `${JSON.stringify(head)}${head.length < value.length ? `… (${value.length} characters)` : ''}`;
}
