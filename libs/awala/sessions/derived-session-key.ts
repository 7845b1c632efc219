import { createECDH, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import type { NodeId } from '../node-id.ts';
import type { SessionKeyPair } from './session-key.ts';

/** The order of P-256 (SEC 2 §2.4.2). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const COORDINATE_OCTETS = 32;
/** Enough bits beyond the order's that the remainder is unbiased (FIPS 186-5 asks for 64). */
const SCALAR_OCTETS = 48;
const TAG_OCTETS = 8;

/** Length of an epoch's secret, in octets. */
export const EPOCH_SECRET_OCTETS = 32;
/** Length of an epoch's id, which starts the ids of all its keys, in octets. */
export const EPOCH_ID_OCTETS = 8;

/** Derives the keys of many nodes, so that none of them needs storing. */
export interface KeyEpoch {
  /** {@link EPOCH_ID_OCTETS} octets, public. */
  readonly id: Uint8Array;
  /** {@link EPOCH_SECRET_OCTETS} octets. */
  readonly secret: Uint8Array;
}

/**
 * Derives a node's session key on P-256 from an epoch: always the same, different for each node,
 * and unpredictable without the secret, as is its id.
 *
 * The id is the epoch's, followed by eight octets of the node's own.
 *
 * @see RFC 5869, FIPS 186-5 A.2.1 "ECDSA Key Pair Generation using Extra Random Bits"
 */
export function deriveSessionKey({ id, secret }: KeyEpoch, node: NodeId): SessionKeyPair {
  const info = `awala-gateway session key P-256 ${node}`;
  const derived = Buffer.from(hkdfSync('sha256', secret, id, info, SCALAR_OCTETS + TAG_OCTETS));
  const privateKey = privateKeyOf(derived.subarray(0, SCALAR_OCTETS));
  return {
    id: Buffer.concat([id, derived.subarray(SCALAR_OCTETS)]),
    publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    privateKey,
  };
}

/** The epoch that a key id belongs to; null if it cannot be the id of a derived key. */
export function epochIdOf(keyId: Uint8Array): Uint8Array | null {
  const isLongEnough = keyId.length === EPOCH_ID_OCTETS + TAG_OCTETS;
  return isLongEnough ? keyId.subarray(0, EPOCH_ID_OCTETS) : null;
}

function privateKeyOf(octets: Buffer) {
  const number = (BigInt(`0x${octets.toString('hex')}`) % (ORDER - 1n)) + 1n;
  const scalar = Buffer.from(number.toString(16).padStart(2 * COORDINATE_OCTETS, '0'), 'hex');
  const agreement = createECDH('prime256v1');
  agreement.setPrivateKey(scalar);
  const point = agreement.getPublicKey();
  const [x, y] = [point.subarray(1, 1 + COORDINATE_OCTETS), point.subarray(1 + COORDINATE_OCTETS)];
  const base64 = (value: Buffer) => value.toString('base64url');
  const key = { kty: 'EC', crv: 'P-256', x: base64(x), y: base64(y), d: base64(scalar) };
  return createPrivateKey({ key, format: 'jwk' });
}
