import { parseCredentials } from './credentials.ts';

/** The scheme's name in deployed clients, and in the specification. */
const SCHEMES = ['Relaynet-Countersignature', 'Awala-Countersignature'];

/** The challenge in `WWW-Authenticate` (RFC 9110 §11.6.1): either scheme, without parameters. */
export const COUNTERSIGNATURE_CHALLENGE = SCHEMES.toReversed().join(', ');

/**
 * Reads a parcel's countersignature from an HTTP `Authorization` header.
 *
 * @param header - the header's value, if any
 * @returns the detached signature, unchecked; null if the header is missing, has another scheme, or
 * is not one base64 value
 * @see RS-016 "Parcel Delivery"
 */
export function parseCountersignature(header: string | undefined): Uint8Array | null {
  return parseCredentials(header, SCHEMES);
}

/**
 * Writes what {@link parseCountersignature} reads, under the scheme that every deployed server
 * accepts.
 */
export function countersignatureHeader(signature: Uint8Array): string {
  return `${SCHEMES[0]} ${Buffer.from(signature).toString('base64')}`;
}
