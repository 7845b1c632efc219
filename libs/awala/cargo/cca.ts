import { parseCredentials } from '../credentials.ts';
import { contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { encodeDer, implicit, sequence } from '../der/writer.ts';
import { Certificate } from '../x509/certificate.ts';

/** The deployed couriers' name, and the specification's. */
const SCHEMES = ['Relaynet-CCA', 'Awala-CCA'];

/**
 * Takes the serialised CCA out of a courier's `authorization` metadata.
 *
 * @param value - the metadata's value, as far as there is one
 * @returns the octets, not checked in any way; null if the value is absent, has another scheme, or
 *   is not in base64
 * @see RS-008
 */
export function parseCcaAuthorization(value: string | undefined): Uint8Array | null {
  return parseCredentials(value, SCHEMES);
}

/** Writes what {@link parseCcaAuthorization} reads, under the name that every deployed server accepts. */
export function ccaAuthorization(cca: Uint8Array): string {
  return `${SCHEMES[0]} ${Buffer.from(cca).toString('base64')}`;
}

/**
 * Writes the payload of a CCA, to be encrypted: a cargo collection request (CCR).
 *
 * @param cda - what the collecting gateway authorises its peer to send cargo with
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
