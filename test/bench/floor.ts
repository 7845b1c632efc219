import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { type Candidate, candidate } from './measure.ts';

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
/** Signed attributes of a CMS SignedData. */
const SIGNED_OCTETS = 104;

/**
 * The floor of verifying some signatures: for each of them, hashing what is
 * signed and one RSA verification, on inputs that are parsed and prepared.
 *
 * @returns verifies the signatures of these contents
 */
export function verificationFloor(): (contents: readonly Uint8Array[]) => void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = createPublicKey(publicKey.export({ format: 'pem', type: 'spki' }));
  const signed = randomBytes(SIGNED_OCTETS);
  const signature = sign('sha256', signed, { key: privateKey, ...PSS });
  return (contents) => {
    for (const content of contents) {
      createHash('sha256').update(content).digest();
      if (!verify('sha256', signed, { key, ...PSS }, signature)) {
        throw new Error('the floor must verify');
      }
    }
  };
}

/** @param inputs - for each piece of work, the contents whose signatures it verifies */
export function floorOf(inputs: readonly (readonly Uint8Array[])[]): Candidate {
  return candidate(inputs, verificationFloor());
}
