import { type CipherGCMTypes, createDecipheriv } from 'node:crypto';
import { type DerReader, TAG } from '../der/reader.ts';
import type { CipherAlgorithm } from './session-algorithms.ts';

export interface CipherParameters {
  /** Initialisation vector of CBC, nonce of GCM. */
  readonly iv: Uint8Array;
  /** Octets of the authentication tag, which follows the ciphertext; 0 for CBC. */
  readonly tagOctets: number;
}

export interface ContentDecryption {
  readonly cipher: CipherAlgorithm;
  readonly parameters: CipherParameters;
  readonly key: Uint8Array;
}

const BLOCK_OCTETS = 16;
/** Default of `aes-ICVlen`, and the least it may be (RFC 5084 §3.2). */
const LEAST_TAG_OCTETS = 12;
const FULL_TAG_OCTETS = 16;

/**
 * Reads the parameters of a cipher: for CBC its initialisation vector, for GCM
 * the GCMParameters of RFC 5084 §3.2 or the bare nonce that PKI.js writes.
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

/**
 * Decrypts the content of an EnvelopedData, copying it once if it came in one piece.
 *
 * @param pieces - the ciphertext, to be taken as one
 * @throws some error, of no particular class, if the content was not encrypted with that key
 */
export function decryptContent(
  pieces: readonly Uint8Array[],
  decryption: ContentDecryption,
): Uint8Array {
  const [only] = pieces;
  const ciphertext = pieces.length === 1 && only ? only : Buffer.concat(pieces);
  return decryption.cipher.mode === 'cbc'
    ? decryptCbc(ciphertext, decryption)
    : decryptGcm(ciphertext, decryption);
}

function decryptCbc(ciphertext: Uint8Array, { cipher, parameters, key }: ContentDecryption) {
  // With its own padding off, the cipher returns everything at once instead of holding a block back.
  const decipher = createDecipheriv(cipher.name, key, parameters.iv).setAutoPadding(false);
  const padded = decipher.update(ciphertext);
  decipher.final();
  return withoutPadding(padded);
}

/** Takes off the padding of RFC 5652 §6.3. */
function withoutPadding(padded: Uint8Array): Uint8Array {
  const added = padded.at(-1) ?? 0;
  const end = padded.length - added;
  const isRight = added > 0 && added <= BLOCK_OCTETS && end >= 0;
  if (!isRight || padded.subarray(end).some((octet) => octet !== added)) {
    throw new RangeError('the padding is wrong');
  }
  return padded.subarray(0, end);
}

function decryptGcm(ciphertext: Uint8Array, { cipher, parameters, key }: ContentDecryption) {
  const { iv, tagOctets } = parameters;
  const end = ciphertext.length - tagOctets;
  if (tagOctets < LEAST_TAG_OCTETS || tagOctets > FULL_TAG_OCTETS || end < 0) {
    throw new RangeError('the authentication tag is missing, or of a length not allowed');
  }
  const name = cipher.name as CipherGCMTypes;
  const decipher = createDecipheriv(name, key, iv, { authTagLength: tagOctets });
  decipher.setAuthTag(ciphertext.subarray(end));
  const plaintext = decipher.update(ciphertext.subarray(0, end));
  decipher.final();
  return plaintext;
}
