import { constants, type KeyObject, verify } from 'node:crypto';
import { OIDS } from '../der/oids.ts';
import {
  constructed,
  encodeDer,
  integer,
  NULL,
  objectIdentifier,
  sequence,
} from '../der/writer.ts';

/** Octets of the salt: those of the hash (RS-018). */
const SALT_OCTETS = 32;

/** AlgorithmIdentifier of SHA-256, with the NULL parameters that the deployed peers write. */
export const SHA_256_ALGORITHM = encodeDer(sequence(objectIdentifier(OIDS.sha256), NULL));

/** AlgorithmIdentifier of RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 octets (RFC 4055 §3.1). */
export const RSA_PSS_SHA_256_ALGORITHM = encodeDer(
  sequence(
    objectIdentifier(OIDS.rsaPss),
    sequence(
      constructed(0, SHA_256_ALGORITHM),
      constructed(1, sequence(objectIdentifier(OIDS.mgf1), SHA_256_ALGORITHM)),
      constructed(2, integer(SALT_OCTETS)),
    ),
  ),
);

/**
 * Produces RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 octets
 * (RS-018) over `data`, which is not hashed yet. It is a function because the
 * identity key may never leave a vault.
 */
export type Sign = (data: Uint8Array) => Promise<Uint8Array> | Uint8Array;

/** Reports whether `signature` is one that {@link Sign} makes, by `publicKey`, over `data`. */
export function verifyRsaPss(
  publicKey: KeyObject,
  data: Uint8Array,
  signature: Uint8Array,
): boolean {
  const key = {
    key: publicKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength: SALT_OCTETS,
  };
  return verify('sha256', data, key, signature);
}
