import { constants, type KeyObject, sign, verify } from 'node:crypto';
import { OIDS } from '../der/oids.ts';
import {
  constructed,
  encodeDer,
  integer,
  NULL,
  objectIdentifier,
  sequence,
} from '../der/writer.ts';
import { InvalidMessageError } from '../errors.ts';

/** The hash functions that RS-018 allows, as `node:crypto` calls them. */
export type HashName = 'sha256' | 'sha384' | 'sha512';

/** Length of each hash and of its salt, in octets (RS-018). */
export const DIGEST_OCTETS: Readonly<Record<HashName, number>> = {
  sha256: 32,
  sha384: 48,
  sha512: 64,
};

/** AlgorithmIdentifier of SHA-256, with the NULL parameters that the deployed peers write. */
export const SHA_256_ALGORITHM = encodeDer(sequence(objectIdentifier(OIDS.sha256), NULL));

/** AlgorithmIdentifier of RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 octets (RFC 4055 §3.1). */
export const RSA_PSS_SHA_256_ALGORITHM = encodeDer(
  sequence(
    objectIdentifier(OIDS.rsaPss),
    sequence(
      constructed(0, SHA_256_ALGORITHM),
      constructed(1, sequence(objectIdentifier(OIDS.mgf1), SHA_256_ALGORITHM)),
      constructed(2, integer(DIGEST_OCTETS.sha256)),
    ),
  ),
);

/**
 * Signs `data`, which is not hashed yet: RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of
 * 32 octets (RS-018). A function, because the identity key may never leave a vault.
 */
export type Sign = (data: Uint8Array) => Promise<Uint8Array> | Uint8Array;

/** Signs as {@link Sign} describes, with a key in this process. */
export function signRsaPss(privateKey: KeyObject, data: Uint8Array): Uint8Array {
  return sign('sha256', data, optionsFor(privateKey, 'sha256'));
}

/**
 * Whether `signature` is RSASSA-PSS by `publicKey` over `data`, by default as {@link Sign} makes
 * it.
 *
 * @param hash - of the data and of the mask; the salt is as long as its digest
 * @throws {InvalidMessageError} `algorithm`, if the key is not for such signatures
 */
export function verifyRsaPss(
  publicKey: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
  hash: HashName = 'sha256',
): boolean {
  try {
    return verify(hash, data, optionsFor(publicKey, hash), signature);
  } catch (cause) {
    // OpenSSL refuses, for instance because the key is meant for another hash.
    throw new InvalidMessageError('algorithm', 'Key cannot be used', { cause });
  }
}

function optionsFor(key: KeyObject, hash: HashName) {
  return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: DIGEST_OCTETS[hash] };
}
