import { type IndexEntry, type IndexedObject, LONGEST_PUT_MS, type Token } from '../port.ts';

/**
 * Octets of a value: the token, when it was added (s), when the object expires (the upper three of
 * four octets of seconds), its size. Together 14, as an allocation of 16 takes no more.
 */
export const TOKEN_OCTETS = 4;
const ADDED_OCTETS = 4;
const EXPIRY_OCTETS = 3;
const SIZE_OCTETS = 3;
const EXPIRY_AT = TOKEN_OCTETS + ADDED_OCTETS;
const SIZE_AT = EXPIRY_AT + EXPIRY_OCTETS;
/** Octets of an entry's value. */
export const VALUE_OCTETS = SIZE_AT + SIZE_OCTETS;
const UINT24 = 2 ** 24 - 1;
const EXPIRY_UNIT_MS = 256_000;
/** An entry is this much younger than it says, at most. */
const ADDED_UNIT_MS = 1_000;

/** Names of so many lowercase hexadecimal digits take half as many octets. */
const DIGEST = /^[0-9a-f]{48}$/;
const DIGEST_OCTETS = 24;

/**
 * The one field of a mailbox's hash that is no entry: how many octets all entries have together, and how
 * many they are. That must be known whenever a parcel is accepted, however much it is.
 */
export const SUM_FIELD = '';

/** How a name is written in Redis: digests in binary, others behind a slash, or two. */
export function fieldOf(name: string): Buffer {
  if (DIGEST.test(name)) {
    return Buffer.from(name, 'hex');
  }
  const isAsLongAsDigest = name.length + 1 === DIGEST_OCTETS;
  return Buffer.from(isAsLongAsDigest ? `//${name}` : `/${name}`, 'latin1');
}

function nameOf(field: Buffer): string {
  return field.length === DIGEST_OCTETS
    ? field.toString('hex')
    : field.toString('latin1').replace(/^\/+/, '');
}

/** The octets of a token in Redis. */
export function tokenOctets(token: Token): Buffer {
  return Buffer.from(token, 'hex');
}

/** A new token, of random octets. */
export function newToken(randomOctets: (count: number) => Buffer): Token {
  return randomOctets(TOKEN_OCTETS).toString('hex');
}

/** What is written of an object behind its token and the time, which a script adds. */
export function objectOctets({ expiresAt, sizeOctets }: IndexedObject): Buffer {
  const octets = Buffer.alloc(EXPIRY_OCTETS + SIZE_OCTETS);
  const expiry = Math.ceil(expiresAt.getTime() / EXPIRY_UNIT_MS);
  octets.writeUIntBE(Math.min(Math.max(expiry, 0), UINT24), 0, EXPIRY_OCTETS);
  octets.writeUIntBE(Math.min(sizeOctets, UINT24), EXPIRY_OCTETS, SIZE_OCTETS);
  return octets;
}

/**
 * Reads an entry.
 *
 * @param atMs - the moment, by the clock of Redis, that `isSettled` is about
 * @returns null for the sum, and for what another version of this gateway wrote
 */
export function entryOf(field: Buffer, value: Buffer, atMs: number): IndexEntry | null {
  if (field.length === 0 || value.length !== VALUE_OCTETS) {
    return null;
  }
  const addedMs = value.readUIntBE(TOKEN_OCTETS, ADDED_OCTETS) * ADDED_UNIT_MS;
  return {
    name: nameOf(field),
    token: value.toString('hex', 0, TOKEN_OCTETS),
    addedAt: new Date(addedMs),
    expiresAt: new Date(value.readUIntBE(EXPIRY_AT, EXPIRY_OCTETS) * EXPIRY_UNIT_MS),
    sizeOctets: value.readUIntBE(SIZE_AT, SIZE_OCTETS),
    isSettled: atMs - addedMs - ADDED_UNIT_MS > LONGEST_PUT_MS,
  };
}
