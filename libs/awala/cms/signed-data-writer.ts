import { createHash } from 'node:crypto';
import { OIDS } from '../der/oids.ts';
import { TAG } from '../der/reader.ts';
import {
  concatenated,
  constructed,
  type DerPart,
  DerRegion,
  type DerValue,
  encodeDer,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
} from '../der/writer.ts';
import type { Certificate } from '../x509/certificate.ts';
import { RSA_PSS_SHA_256_ALGORITHM, SHA_256_ALGORITHM, type Sign } from '../x509/rsa-pss.ts';
import { boundToPurpose, type SignaturePurpose } from './signature-purpose.ts';

export type { Sign } from '../x509/rsa-pss.ts';

/** Who signs: the certificate names the key that `sign` uses. */
export interface Signer {
  readonly certificate: Certificate;
  readonly sign: Sign;
}

const SHA_256_OCTETS = 32;
const DATA = encodeDer(objectIdentifier(OIDS.data));
const SIGNED_DATA = encodeDer(objectIdentifier(OIDS.signedData));
const CONTENT_TYPE = encodeDer(sequence(objectIdentifier(OIDS.contentType), set(DATA)));
const MESSAGE_DIGEST = encodeDer(objectIdentifier(OIDS.messageDigest));

/**
 * A SignedData laid out but not signed: encode {@link value}, fill in what it contains, then call
 * {@link seal}.
 */
interface UnsignedData {
  /** The ContentInfo (RFC 5652 §3), for `encodeDer`, alone or inside something else. */
  readonly value: DerValue;
  /**
   * Hashes `content`, and writes digest and signature where `value` was encoded.
   *
   * @param content - the signed octets, in order
   * @throws {RangeError} if the signature is not as long as the signer's RSA modulus
   */
  seal(...content: readonly Uint8Array[]): Promise<void>;
}

/**
 * Lays out a CMS SignedData with one signer, identified by issuer and serial
 * number, and the signed attributes content-type and message-digest.
 *
 * @param content - the encapsulated content, or null for a detached signature
 * @param attached - certificates to attach besides the signer's own
 */
export function layOutSignedData(
  content: DerPart | null,
  signer: Signer,
  attached: readonly Certificate[] = [],
): UnsignedData {
  const digest = new DerRegion(SHA_256_OCTETS);
  const signature = new DerRegion(modulusOctetsOf(signer.certificate));
  const attributes = new DerRegion(
    concatenated(CONTENT_TYPE, sequence(MESSAGE_DIGEST, set(octetString(digest)))),
  );
  const others = attached.filter((other) => !other.equals(signer.certificate));
  const value = sequence(
    SIGNED_DATA,
    constructed(
      0,
      sequence(
        integer(1),
        set(SHA_256_ALGORITHM),
        content ? sequence(DATA, constructed(0, octetString(content))) : sequence(DATA),
        constructed(0, signer.certificate.der, ...others.map((other) => other.der)),
        set(signerInfo(signer.certificate, attributes, signature)),
      ),
    ),
  );
  const seal = async (...signed: readonly Uint8Array[]) => {
    digest.written.set(sha256(signed));
    const made = await signer.sign(encodeDer(tagged(TAG.set, attributes.written)));
    if (made.length !== signature.octets) {
      throw new RangeError(
        `expected a signature of ${signature.octets} octets, but got ${made.length}`,
      );
    }
    signature.written.set(made);
  };
  return { value, seal };
}

/**
 * Signs `plaintext` for one purpose, with the signer's certificate attached and
 * the plaintext not.
 *
 * @see RS-016
 */
export async function signDetached(
  plaintext: Uint8Array,
  purpose: SignaturePurpose,
  signer: Signer,
): Promise<Uint8Array<ArrayBuffer>> {
  const { value, seal } = layOutSignedData(null, signer);
  const signature = encodeDer(value);
  await seal(...boundToPurpose(plaintext, purpose));
  return signature;
}

function signerInfo(certificate: Certificate, attributes: DerRegion, signature: DerRegion) {
  return sequence(
    integer(1),
    sequence(certificate.issuer, tagged(TAG.integer, certificate.serialNumber)),
    SHA_256_ALGORITHM,
    constructed(0, attributes),
    RSA_PSS_SHA_256_ALGORITHM,
    octetString(signature),
  );
}

function modulusOctetsOf(certificate: Certificate): number {
  const bits = certificate.publicKey.asymmetricKeyDetails?.modulusLength;
  if (bits === undefined) {
    throw new TypeError('the signer does not have an RSA key');
  }
  return Math.ceil(bits / 8);
}

function sha256(pieces: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const piece of pieces) {
    hash.update(piece);
  }
  return hash.digest();
}
