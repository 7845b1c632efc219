import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import type { ParcelValues } from './peer-road.ts';

/** What we read out of a parcel that is received now, having verified it. Throws what we throw. */
export function acceptAsOurs(
  verifier: MessageVerifier,
  anchor: Certificate,
  octets: Uint8Array,
): ParcelValues {
  const message = verifier.read(octets, 'parcel');
  const path = verifier.verifyParcel(message, { at: new Date(), anchors: [anchor] });
  return {
    id: message.id,
    recipientId: message.recipient.id,
    internetAddress: message.recipient.internetAddress,
    createdAt: message.createdAt,
    ttlSeconds: message.ttlSeconds,
    payload: Buffer.from(message.payload),
    path: path.map(({ nodeId }) => nodeId),
  };
}
