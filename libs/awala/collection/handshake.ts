import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { constructed, encodeDer, implicit, octetString, sequence } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';

/** Most signatures in a handshake response, and so most nodes collecting over one connection. */
export const MAX_HANDSHAKE_SIGNATURES = 100;

/**
 * Writes the challenge that opens a collection.
 *
 * @param nonce - unpredictable; the collector must sign it
 * @see RS-016 "Parcel Collection"
 */
export function serialiseChallenge(nonce: Uint8Array): Uint8Array {
  return encodeDer(sequence(implicit(0, nonce)));
}

/**
 * Reads a challenge.
 *
 * @returns the nonce
 * @throws {MalformedMessageError}
 */
export function parseChallenge(octets: Uint8Array): Uint8Array {
  const reader = new DerReader(octets);
  reader.enter(TAG.sequence);
  const nonce = reader.read(contextPrimitive(0));
  reader.leave();
  reader.finish();
  return nonce;
}

/**
 * Writes the collector's response to a challenge.
 *
 * @param signatures - detached signatures of the nonce, one for each node whose parcels are to be
 * collected
 */
export function serialiseHandshakeResponse(signatures: readonly Uint8Array[]): Uint8Array {
  const items = signatures.map((signature) => octetString(signature));
  return encodeDer(sequence(constructed(0, ...items)));
}

/**
 * Reads a response without checking its signatures.
 *
 * @returns 1 to {@link MAX_HANDSHAKE_SIGNATURES} signatures, in order
 * @throws {MalformedMessageError}
 */
export function parseHandshakeResponse(octets: Uint8Array): readonly Uint8Array[] {
  const reader = new DerReader(octets);
  const signatures: Uint8Array[] = [];
  reader.enter(TAG.sequence);
  reader.enter(contextConstructed(0));
  while (!reader.isAtEnd && signatures.length < MAX_HANDSHAKE_SIGNATURES) {
    signatures.push(reader.read(TAG.octetString));
  }
  reader.leave();
  reader.leave();
  reader.finish();
  if (signatures.length === 0) {
    throw new MalformedMessageError('Handshake response has no signature');
  }
  return signatures;
}
