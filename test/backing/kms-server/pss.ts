import { constants, createHash, type KeyObject, privateEncrypt, randomBytes } from 'node:crypto';

const DIGEST_OCTETS = 32;
const SALT_OCTETS = 32;

/**
 * RSASSA-PSS over a given SHA-256 digest, with MGF1-SHA-256 and a salt of 32
 * octets (RFC 8017, 9.1.1): `node:crypto` only signs what it hashes itself.
 */
export function signDigest(key: KeyObject, digest: Uint8Array): Buffer {
  const octets = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  const salt = randomBytes(SALT_OCTETS);
  const hash = sha256(Buffer.concat([Buffer.alloc(8), digest, salt]));
  const block = Buffer.alloc(octets - DIGEST_OCTETS - 1);
  block[block.length - SALT_OCTETS - 1] = 1;
  salt.copy(block, block.length - SALT_OCTETS);
  const mask = mgf1(hash, block.length);
  const masked = block.map((octet, index) => octet ^ (mask[index] ?? 0));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  const message = Buffer.concat([masked, hash, Buffer.of(0xbc)]);
  return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, message);
}

function mgf1(seed: Uint8Array, octets: number): Buffer {
  const parts: Buffer[] = [];
  for (let counter = 0; counter * DIGEST_OCTETS < octets; counter++) {
    const suffix = Buffer.alloc(4);
    suffix.writeUInt32BE(counter);
    parts.push(sha256(Buffer.concat([seed, suffix])));
  }
  return Buffer.concat(parts).subarray(0, octets);
}

function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}
