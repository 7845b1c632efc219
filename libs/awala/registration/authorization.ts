import type { KeyObject } from 'node:crypto';
import { OIDS } from '../der/oids.ts';
import { contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { parseMessageTime } from '../der/time.ts';
import { dateTime, encodeDer, implicit, sequence } from '../der/writer.ts';
import { type Sign, verifyRsaPss } from '../x509/rsa-pss.ts';

/**
 * This gateway's permission for the holder of one key to register (PNRA).
 *
 * @see RS-016 "Node Registration"
 */
export interface RegistrationAuthorization {
  readonly expiresAt: Date;
  /** Identifies the key, in a form private to the gateway that granted it. */
  readonly gatewayData: Uint8Array;
  /** Whether the holder of `publicKey` granted this authorization. */
  verify(publicKey: KeyObject): boolean;
}

/**
 * Writes and signs an authorization.
 *
 * @param authorization - `expiresAt` is truncated to seconds
 */
export async function serialiseAuthorization(
  authorization: Pick<RegistrationAuthorization, 'expiresAt' | 'gatewayData'>,
  sign: Sign,
): Promise<Uint8Array> {
  const expiry = dateTime(authorization.expiresAt);
  const { gatewayData } = authorization;
  const signature = await sign(signedPart(expiry, gatewayData));
  return encodeDer(sequence(implicit(0, expiry), implicit(1, gatewayData), implicit(2, signature)));
}

/**
 * Reads an authorization. Checks neither its signature nor its expiry.
 *
 * @throws {MalformedMessageError}
 */
export function parseAuthorization(octets: Uint8Array): RegistrationAuthorization {
  const reader = new DerReader(octets);
  reader.enter(TAG.sequence);
  const expiry = reader.read(contextPrimitive(0));
  const gatewayData = reader.read(contextPrimitive(1));
  const signature = reader.read(contextPrimitive(2));
  reader.leave();
  reader.finish();
  return {
    expiresAt: parseMessageTime(expiry),
    gatewayData,
    verify: (publicKey) => verifyRsaPss(publicKey, signedPart(expiry, gatewayData), signature),
  };
}

function signedPart(expiry: Uint8Array, gatewayData: Uint8Array): Uint8Array {
  return encodeDer(
    sequence(
      implicit(0, OIDS.registrationAuthorization.content),
      implicit(1, expiry),
      implicit(2, gatewayData),
    ),
  );
}
