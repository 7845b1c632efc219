import { type IndexEntry, type IndexedObject, LONGEST_PUT_MS, type Token } from '../port.ts';

/** Octets of a value: the token, when it was added (ms), when the object expires (s), its size. */
const TOKEN_OCTETS = 5;
const ADDED_OCTETS = 6;
const EXPIRY_OCTETS = 4;
const SIZE_OCTETS = 4;
const EXPIRY_AT = TOKEN_OCTETS + ADDED_OCTETS;
const VALUE_OCTETS = EXPIRY_AT + EXPIRY_OCTETS + SIZE_OCTETS;
const UINT32 = 2 ** 32 - 1;

/** Names of so many lowercase hexadecimal digits take half as many octets. */
const DIGEST = /^[0-9a-f]{48}$/;
const DIGEST_OCTETS = 24;

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
  const seconds = Math.ceil(expiresAt.getTime() / 1_000);
  octets.writeUInt32BE(Math.min(Math.max(seconds, 0), UINT32), 0);
  octets.writeUInt32BE(Math.min(sizeOctets, UINT32), EXPIRY_OCTETS);
  return octets;
}

/**
 * Reads an entry.
 *
 * @param atMs - the moment, by the clock of Redis, that `isSettled` is about
 * @returns null for what another version of this gateway wrote
 */
export function entryOf(field: Buffer, value: Buffer, atMs: number): IndexEntry | null {
  if (value.length !== VALUE_OCTETS) {
    return null;
  }
  const addedMs = value.readUIntBE(TOKEN_OCTETS, ADDED_OCTETS);
  return {
    name: nameOf(field),
    token: value.toString('hex', 0, TOKEN_OCTETS),
    addedAt: new Date(addedMs),
    expiresAt: new Date(value.readUInt32BE(EXPIRY_AT) * 1_000),
    sizeOctets: value.readUInt32BE(EXPIRY_AT + EXPIRY_OCTETS),
    isSettled: atMs - addedMs > LONGEST_PUT_MS,
  };
}
