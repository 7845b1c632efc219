/**
 * The algorithms that a session may use (RS-018), with their identifiers in CMS
 * and their names in OpenSSL.
 */
import { isOid, type Oid, oid } from '../der/oids.ts';
import { InvalidMessageError } from '../errors.ts';

/** AES in the modes that peers use: CBC is what the deployed ones send, GCM what RS-018 asks for. */
export type ContentCipher = (typeof CIPHERS)[number]['name'];

/** Symmetric ciphers of content (RFC 3565, RFC 5084). */
export const CIPHERS = [
  { name: 'aes-128-cbc', mode: 'cbc', keyOctets: 16, oid: oid('2.16.840.1.101.3.4.1.2') },
  { name: 'aes-192-cbc', mode: 'cbc', keyOctets: 24, oid: oid('2.16.840.1.101.3.4.1.22') },
  { name: 'aes-256-cbc', mode: 'cbc', keyOctets: 32, oid: oid('2.16.840.1.101.3.4.1.42') },
  { name: 'aes-128-gcm', mode: 'gcm', keyOctets: 16, oid: oid('2.16.840.1.101.3.4.1.6') },
  { name: 'aes-192-gcm', mode: 'gcm', keyOctets: 24, oid: oid('2.16.840.1.101.3.4.1.26') },
  { name: 'aes-256-gcm', mode: 'gcm', keyOctets: 32, oid: oid('2.16.840.1.101.3.4.1.46') },
] as const;

/** AES key wrap (RFC 3394). */
export const KEY_WRAPS = [
  { name: 'aes128-wrap', keyOctets: 16, oid: oid('2.16.840.1.101.3.4.1.5') },
  { name: 'aes192-wrap', keyOctets: 24, oid: oid('2.16.840.1.101.3.4.1.25') },
  { name: 'aes256-wrap', keyOctets: 32, oid: oid('2.16.840.1.101.3.4.1.45') },
] as const;

/** ECDH without cofactor and the X9.63 key derivation function (RFC 5753 §7.1.4); SHA-1 is ruled out. */
export const KEY_AGREEMENTS = [
  { hash: 'sha256', oid: oid('1.3.132.1.11.1') },
  { hash: 'sha384', oid: oid('1.3.132.1.11.2') },
  { hash: 'sha512', oid: oid('1.3.132.1.11.3') },
] as const;

/** Elliptic curves, with the octets of a coordinate (RFC 5480 §2.1.1.1). */
export const CURVES = [
  { name: 'prime256v1', fieldOctets: 32, oid: oid('1.2.840.10045.3.1.7') },
  { name: 'secp384r1', fieldOctets: 48, oid: oid('1.3.132.0.34') },
  { name: 'secp521r1', fieldOctets: 66, oid: oid('1.3.132.0.35') },
] as const;

/** A row of {@link CIPHERS}. */
export type CipherAlgorithm = (typeof CIPHERS)[number];
/** A row of {@link KEY_WRAPS}. */
export type KeyWrapAlgorithm = (typeof KEY_WRAPS)[number];
/** A row of {@link KEY_AGREEMENTS}. */
export type KeyAgreementAlgorithm = (typeof KEY_AGREEMENTS)[number];
/** A row of {@link CURVES}. */
export type Curve = (typeof CURVES)[number];

/**
 * Finds the algorithm that an identifier stands for.
 *
 * @param identifier - the content octets of an OBJECT IDENTIFIER
 * @throws {InvalidMessageError} if it is none of `algorithms` (`algorithm`)
 */
export function algorithmOf<Algorithm extends { readonly oid: Oid }>(
  identifier: Uint8Array,
  algorithms: readonly Algorithm[],
): Algorithm {
  const found = algorithms.find((algorithm) => isOid(identifier, algorithm.oid));
  if (!found) {
    throw new InvalidMessageError('algorithm', 'Session uses an algorithm that is not allowed');
  }
  return found;
}
