import { parseCredentials } from './credentials.ts';

/** The deployed clients' name, and the specification's. */
const SCHEMES = ['Relaynet-Countersignature', 'Awala-Countersignature'];

/** What a server asks for in `WWW-Authenticate` (RFC 9110 §11.6.1): either scheme, without parameters. */
export const COUNTERSIGNATURE_CHALLENGE = SCHEMES.toReversed().join(', ');

/**
 * Takes the countersignature of a parcel out of an HTTP `Authorization` header.
 *
 * @param header - the header's value, as far as there is one
 * @returns the detached signature, not checked in any way; null if the header is absent, has
 *   another scheme, or is not one value in base64
 * @see RS-016 "Parcel Delivery"
 */
export function parseCountersignature(header: string | undefined): Uint8Array | null {
  return parseCredentials(header, SCHEMES);
}

/** Writes the header that {@link parseCountersignature} reads, under the name that every deployed server accepts. */
export function countersignatureHeader(signature: Uint8Array): string {
  return `${SCHEMES[0]} ${Buffer.from(signature).toString('base64')}`;
}
