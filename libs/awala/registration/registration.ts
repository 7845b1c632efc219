import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { encodeDer, implicit, sequence, visibleText } from '../der/writer.ts';
import { MAX_RECIPIENT_LENGTH } from '../limits.ts';
import { readSessionKey, type SessionKey, sessionKeyDer } from '../sessions/session-key.ts';
import { Certificate } from '../x509/certificate.ts';

/**
 * What a private node gets when it registers (PNR).
 *
 * @see RS-016 "Node Registration"
 */
export interface Registration {
  /** Certificate of the private node, issued by the gateway. */
  readonly peerCertificate: Certificate;
  /** The gateway's certificate that issued it. */
  readonly gatewayCertificate: Certificate;
  readonly internetAddress: string;
  /** The gateway's key for a new session; null if the node needs none. */
  readonly sessionKey: SessionKey | null;
}

/** Writes what {@link parseRegistration} reads. */
export function serialiseRegistration(registration: Registration): Uint8Array {
  const { sessionKey } = registration;
  return encodeDer(
    sequence(
      implicit(0, registration.peerCertificate.der),
      implicit(1, registration.gatewayCertificate.der),
      implicit(2, visibleText(registration.internetAddress)),
      ...(sessionKey ? [sessionKeyDer(sessionKey, 3)] : []),
    ),
  );
}

/**
 * Reads a registration.
 *
 * @throws {MalformedMessageError}
 */
export function parseRegistration(octets: Uint8Array): Registration {
  const reader = new DerReader(octets);
  reader.enter(TAG.sequence);
  const peerCertificate = Certificate.parse(reader.read(contextPrimitive(0)));
  const gatewayCertificate = Certificate.parse(reader.read(contextPrimitive(1)));
  const internetAddress = reader.readVisibleText(contextPrimitive(2), MAX_RECIPIENT_LENGTH);
  const sessionKey = reader.isNext(contextConstructed(3)) ? readSessionKey(reader, 3) : null;
  reader.leave();
  reader.finish();
  return { peerCertificate, gatewayCertificate, internetAddress, sessionKey };
}
