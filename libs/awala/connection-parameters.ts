import { contextPrimitive, DerReader, TAG } from './der/reader.ts';
import { encodeDer, implicit, sequence, visibleText } from './der/writer.ts';
import { MAX_RECIPIENT_LENGTH } from './limits.ts';
import { readSessionKey, type SessionKey, sessionKeyDer } from './sessions/session-key.ts';

/** What a node publishes so that others can reach it (`/connection-params.der`). */
export interface ConnectionParameters {
  readonly internetAddress: string;
  /** DER SubjectPublicKeyInfo of the identity key. */
  readonly identityKey: Uint8Array;
  /** The key to start a session with. */
  readonly sessionKey: SessionKey;
}

/** Writes what {@link parseConnectionParameters} reads. */
export function serialiseConnectionParameters(parameters: ConnectionParameters): Uint8Array {
  return encodeDer(
    sequence(
      implicit(0, visibleText(parameters.internetAddress)),
      implicit(1, parameters.identityKey),
      sessionKeyDer(parameters.sessionKey, 2),
    ),
  );
}

/**
 * Reads connection parameters. Does not check that the identity key is a key.
 *
 * @throws {MalformedMessageError}
 */
export function parseConnectionParameters(octets: Uint8Array): ConnectionParameters {
  const reader = new DerReader(octets);
  reader.enter(TAG.sequence);
  const internetAddress = reader.readVisibleText(contextPrimitive(0), MAX_RECIPIENT_LENGTH);
  const identityKey = reader.read(contextPrimitive(1));
  const sessionKey = readSessionKey(reader, 2);
  reader.leave();
  reader.finish();
  return { internetAddress, identityKey, sessionKey };
}
