import { OIDS } from '../der/oids.ts';
import { contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { encodeDer, implicit, sequence } from '../der/writer.ts';
import { parseIdentityKey } from '../x509/public-key.ts';
import { type Sign, verifyRsaPss } from '../x509/rsa-pss.ts';

/**
 * A private node's request to register (PNRR).
 *
 * @see RS-016 "Node Registration"
 */
interface RegistrationRequest {
  /** DER SubjectPublicKeyInfo of the node: RSA of 2 048 to 4 096 bits. */
  readonly publicKey: Uint8Array;
  /** The serialised authorization granted to the node. */
  readonly authorization: Uint8Array;
  /** Whether the node holds the private key: it signed the authorization. */
  verifyCountersignature(): boolean;
}

/**
 * Writes and signs a request.
 *
 * @param sign - by the key in `publicKey`
 */
export async function serialiseRegistrationRequest(
  { publicKey, authorization }: Pick<RegistrationRequest, 'publicKey' | 'authorization'>,
  sign: Sign,
): Promise<Uint8Array> {
  const countersignature = await sign(signedPart(authorization));
  return encodeDer(
    sequence(implicit(0, publicKey), implicit(1, authorization), implicit(2, countersignature)),
  );
}

/**
 * Reads a request. Checks neither the countersignature nor the authorization.
 *
 * @throws {MalformedMessageError} also if the public key is not one
 * @throws {InvalidMessageError} if RS-018 does not allow the public key (`algorithm`)
 */
export function parseRegistrationRequest(octets: Uint8Array): RegistrationRequest {
  const reader = new DerReader(octets);
  reader.enter(TAG.sequence);
  const publicKey = reader.read(contextPrimitive(0));
  const authorization = reader.read(contextPrimitive(1));
  const countersignature = reader.read(contextPrimitive(2));
  reader.leave();
  reader.finish();
  const key = parseIdentityKey(publicKey);
  return {
    publicKey,
    authorization,
    verifyCountersignature: () => verifyRsaPss(key, signedPart(authorization), countersignature),
  };
}

function signedPart(authorization: Uint8Array): Uint8Array {
  return encodeDer(
    sequence(implicit(0, OIDS.registrationCountersignature.content), implicit(1, authorization)),
  );
}
