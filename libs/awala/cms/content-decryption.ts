import { type CipherGCMTypes, createDecipheriv } from 'node:crypto';
import { type DerReader, TAG } from '../der/reader.ts';
import type { CipherAlgorithm } from './session-algorithms.ts';

/** What a cipher needs besides the key. */
export interface CipherParameters {
  /** Initialisation vector of CBC, nonce of GCM. */
  readonly iv: Uint8Array;
  /** Octets of the authentication tag, which follows the ciphertext; 0 for CBC. */
  readonly tagOctets: number;
}

interface ContentDecryption {
  readonly cipher: CipherAlgorithm;
  readonly parameters: CipherParameters;
  readonly key: Uint8Array;
}

const BLOCK_OCTETS = 16;
/** Default of `aes-ICVlen`, and the least it may be (RFC 5084 §3.2). */
const LEAST_TAG_OCTETS = 12;
const FULL_TAG_OCTETS = 16;

/**
 * Reads a cipher's parameters: for CBC the initialisation vector; for GCM the GCMParameters of RFC
 * 5084 §3.2, or the bare nonce that PKI.js writes.
 *
 * @throws {MalformedMessageError}
 */
export function readCipherParameters(
  reader: DerReader,
  { mode }: CipherAlgorithm,
): CipherParameters {
  if (mode === 'cbc' || reader.isNext(TAG.octetString)) {
    const iv = reader.read(TAG.octetString);
    return { iv, tagOctets: mode === 'cbc' ? 0 : FULL_TAG_OCTETS };
  }
  reader.enter(TAG.sequence);
  const iv = reader.read(TAG.octetString);
  const tagOctets = reader.isAtEnd ? LEAST_TAG_OCTETS : reader.readSmallInteger();
  reader.leave();
  return { iv, tagOctets };
}

/** The result of decrypting. */
export interface Decrypted {
  /** The cipher's output; meaningless unless `isSound`. */
  readonly octets: Uint8Array;
  /** Whether the key was right, as far as the cipher can tell. */
  readonly isSound: boolean;
}

const NOTHING: Decrypted = { octets: new Uint8Array(), isSound: false };

/**
 * Decrypts the content of an EnvelopedData; copies it once if it came in one piece.
 *
 * Never throws, and takes as long whether padding or tag are right or wrong: a sender must not
 * learn what is wrong with a plaintext.
 *
 * @param pieces - of the ciphertext, in order
 */
export function decryptContent(
  pieces: readonly Uint8Array[],
  decryption: ContentDecryption,
): Decrypted {
  const [only] = pieces;
  const ciphertext = pieces.length === 1 && only ? only : Buffer.concat(pieces);
  try {
    return decryption.cipher.mode === 'cbc'
      ? decryptCbc(ciphertext, decryption)
      : decryptGcm(ciphertext, decryption);
  } catch {
    // The ciphertext or its parameters have an impossible length, which is public anyway.
    return NOTHING;
  }
}

function decryptCbc(
  ciphertext: Uint8Array,
  { cipher, parameters, key }: ContentDecryption,
): Decrypted {
  // With its own padding off, the cipher returns everything at once, and its failure does not
  // depend on the last block.
  const decipher = createDecipheriv(cipher.name, key, parameters.iv).setAutoPadding(false);
  const padded = decipher.update(ciphertext);
  decipher.final();
  return padded.length === 0 ? NOTHING : withoutPadding(padded);
}

/** Removes the padding of RFC 5652 §6.3, without a branch that depends on it. */
function withoutPadding(padded: Uint8Array): Decrypted {
  const last = padded.subarray(-BLOCK_OCTETS);
  const added = last[BLOCK_OCTETS - 1] ?? 0;
  // Each mask is all ones if its name is true, else zero.
  let wrong = ((added - 1) >> 31) | ((BLOCK_OCTETS - added) >> 31);
  for (let fromEnd = 0; fromEnd < BLOCK_OCTETS; fromEnd++) {
    const isPadding = (fromEnd - added) >> 31;
    wrong |= isPadding & ((last[BLOCK_OCTETS - 1 - fromEnd] ?? 0) ^ added);
  }
  const isRight = ~((wrong | -wrong) >> 31);
  const octets = padded.subarray(0, padded.length - (added & isRight));
  return { octets, isSound: isRight !== 0 };
}

function decryptGcm(
  ciphertext: Uint8Array,
  { cipher, parameters, key }: ContentDecryption,
): Decrypted {
  const { iv, tagOctets } = parameters;
  const end = ciphertext.length - tagOctets;
  if (tagOctets < LEAST_TAG_OCTETS || tagOctets > FULL_TAG_OCTETS || end < 0) {
    return NOTHING;
  }
  const name = cipher.name as CipherGCMTypes;
  const decipher = createDecipheriv(name, key, iv, { authTagLength: tagOctets });
  decipher.setAuthTag(ciphertext.subarray(end));
  const octets = decipher.update(ciphertext.subarray(0, end));
  return { octets, isSound: isTagRight(decipher) };
}

/** Call it after everything is decrypted. */
function isTagRight(decipher: { final(): Uint8Array }): boolean {
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}
