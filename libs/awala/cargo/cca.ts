import { parseCredentials } from '../credentials.ts';
import { contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { encodeDer, implicit, sequence } from '../der/writer.ts';
import { Certificate } from '../x509/certificate.ts';

/** The scheme's name in deployed couriers, and in the specification. */
const SCHEMES = ['Relaynet-CCA', 'Awala-CCA'];

/**
 * Reads the serialised CCA from a courier's `authorization` metadata.
 *
 * @param value - the metadata's value, if any
 * @returns the octets, unchecked; null if the value is missing, has another scheme, or is not
 * base64
 * @see RS-008
 */
export function parseCcaAuthorization(value: string | undefined): Uint8Array | null {
  return parseCredentials(value, SCHEMES);
}

/**
 * Writes what {@link parseCcaAuthorization} reads, under the scheme that every deployed server
 * accepts.
 */
export function ccaAuthorization(cca: Uint8Array): string {
  return `${SCHEMES[0]} ${Buffer.from(cca).toString('base64')}`;
}

/**
 * Writes the payload of a CCA, to be encrypted: a cargo collection request (CCR).
 *
 * @param cda - authorises the peer to send cargo to the collecting gateway
 * @see RS-000 "Cargo Collection Authorization"
 */
export function serialiseCollectionRequest(cda: Certificate): Uint8Array {
  return encodeDer(sequence(implicit(0, cda.der)));
}

/**
 * Reads the decrypted payload of a CCA.
 *
 * @returns the cargo delivery authorisation, not verified
 * @throws {MalformedMessageError}
 */
export function parseCollectionRequest(octets: Uint8Array): Certificate {
  const reader = new DerReader(octets);
  reader.enter(TAG.sequence);
  const cda = Certificate.parse(reader.read(contextPrimitive(0)));
  reader.leave();
  reader.finish();
  return cda;
}
