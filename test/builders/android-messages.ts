import { serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import { messageSetDer } from '#awala/cargo/message-set.ts';
import { encryptForSession, type SessionEncryption } from '#awala/cms/enveloped-data-writer.ts';
import { encodeDer } from '#awala/der/writer.ts';
import { issueDeliveryAuthorization } from '#awala/x509/issuance.ts';
import { craftMessage } from './crafted-messages.ts';
import type { Peer } from './peers.ts';

const HOUR_MS = 3_600_000;
/** How far back Android dates what it gives a courier. */
const BACKDATING_MS = 1.5 * HOUR_MS;
const CCA_TTL_SECONDS = 14 * 86_400;
const TYPE_OCTETS = { cargo: 0x43, cca: 0x44 } as const;
/** In which Bouncy Castle cuts what it signs. */
const SEGMENT_OCTETS = 1_000;

export interface AndroidHeader {
  /** A registered phone; it signs with, and issues CDAs under, the certificate of its registration. */
  readonly sender: Peer;
  readonly gateway: {
    readonly nodeId: string;
    readonly internetAddress: string;
    /** DER SubjectPublicKeyInfo. */
    readonly identityKey: Uint8Array;
  };
  readonly encryption: SessionEncryption;
  readonly now: Date;
}

/** A CCA as Android's gateway app makes it when a courier comes by: its CDA is valid from now on. */
export async function androidCca(header: AndroidHeader): Promise<Buffer> {
  const { sender, gateway, now } = header;
  const cda = await issueDeliveryAuthorization({
    subjectKey: gateway.identityKey,
    issuer: sender.certificate,
    issuerKey: sender.spki,
    sign: sender.sign,
    notBefore: now,
    notAfter: new Date(now.getTime() + CCA_TTL_SECONDS * 1_000),
  });
  return androidMessage('cca', header, serialiseCollectionRequest(cda), {
    ttlSeconds: CCA_TTL_SECONDS,
  });
}

/** A cargo as Android's gateway app packs it. */
export function androidCargo(
  header: AndroidHeader,
  {
    messages,
    ...fields
  }: {
    /** Serialised parcels and acknowledgements. */
    readonly messages: readonly Uint8Array[];
    readonly id: string;
    readonly ttlSeconds: number;
  },
): Buffer {
  return androidMessage('cargo', header, encodeDer(messageSetDer(messages)), fields);
}

/** In BER with indefinite lengths, with no certificate but the sender's. */
function androidMessage(
  type: keyof typeof TYPE_OCTETS,
  { sender, gateway, encryption, now }: AndroidHeader,
  plaintext: Uint8Array,
  fields: { readonly id?: string; readonly ttlSeconds: number },
): Buffer {
  const octets = craftMessage({
    ...fields,
    sender,
    certificates: [sender.certificate],
    recipient: gateway.nodeId,
    internetAddress: gateway.internetAddress,
    createdAt: new Date(now.getTime() - BACKDATING_MS),
    payload: encryptForSession(plaintext, encryption),
    typeOctet: TYPE_OCTETS[type],
    isIndefinite: true,
    segmentOctets: SEGMENT_OCTETS,
  });
  return Buffer.from(octets);
}
