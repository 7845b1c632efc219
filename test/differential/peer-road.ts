import {
  generateRSAKeyPair,
  issueDeliveryAuthorization,
  issueEndpointCertificate,
  issueGatewayCertificate,
  Parcel,
  ParcelDeliverySigner,
  ParcelDeliveryVerifier,
  type Certificate as PeerCertificate,
} from '@relaycorp/relaynet-core';
import { Certificate } from '#awala/x509/certificate.ts';
import { arrayBuffer } from '#test/peers/js/values.ts';

/** What both libraries read out of a parcel. */
export interface ParcelValues {
  readonly id: string;
  readonly recipientId: string;
  readonly internetAddress: string | null;
  readonly createdAt: Date;
  readonly ttlSeconds: number;
  readonly payload: Buffer;
  /** Node ids, sender first. */
  readonly path: readonly string[];
}

interface ParcelFields {
  readonly id?: string;
  readonly ttlSeconds?: number;
  readonly internetAddress?: string;
  readonly payload?: Uint8Array;
  readonly hash?: 'SHA-256' | 'SHA-384' | 'SHA-512';
}

interface Node {
  readonly certificate: PeerCertificate;
  readonly keys: Awaited<ReturnType<typeof generateRSAKeyPair>>;
}

/**
 * The road of a parcel, all of the peer library: a gateway, a private gateway,
 * an endpoint behind it and the senders that it lets write to it. The library
 * reads the system's clock and takes no other.
 */
export class PeerRoad {
  readonly recipientId: string;
  /** The gateway's certificate. */
  readonly anchor: Certificate;
  readonly #gateway: Node;
  readonly #privateGateway: Node;
  readonly #recipient: Node;
  readonly #senders: readonly Node[];

  private constructor(recipientId: string, nodes: readonly Node[]) {
    const [gateway, privateGateway, recipient, ...senders] = nodes;
    if (!gateway || !privateGateway || !recipient) {
      throw new TypeError('A road has at least three nodes besides the senders');
    }
    this.recipientId = recipientId;
    this.anchor = Certificate.parse(new Uint8Array(gateway.certificate.serialize()));
    this.#gateway = gateway;
    this.#privateGateway = privateGateway;
    this.#recipient = recipient;
    this.#senders = senders;
  }

  /** @param senderKeyBits - the modulus of each sender's key */
  static async build(senderKeyBits: readonly RsaModulus[]): Promise<PeerRoad> {
    const gateway = await selfIssued();
    const privateGateway = await issuedBy(gateway, issueGatewayCertificate);
    const recipient = await issuedBy(privateGateway, issueEndpointCertificate);
    const senders: Node[] = [];
    for (const modulus of senderKeyBits) {
      senders.push(await issuedBy(recipient, issueDeliveryAuthorization, modulus));
    }
    const recipientId = await recipient.certificate.calculateSubjectId();
    return new PeerRoad(recipientId, [gateway, privateGateway, recipient, ...senders]);
  }

  /** A parcel made now. */
  async write(senderIndex: number, fields: ParcelFields = {}): Promise<Uint8Array> {
    const sender = this.#senders[senderIndex];
    if (!sender) {
      throw new RangeError('No such sender');
    }
    const { id, ttlSeconds = 3600, internetAddress, payload = Buffer.from('payload') } = fields;
    const parcel = new Parcel(
      { id: this.recipientId, ...(internetAddress ? { internetAddress } : {}) },
      sender.certificate,
      Buffer.from(payload),
      {
        ...(id ? { id } : {}),
        ttl: ttlSeconds,
        senderCaCertificateChain: [this.#recipient.certificate, this.#privateGateway.certificate],
      },
    );
    const options = { hashingAlgorithmName: fields.hash ?? 'SHA-256' };
    return new Uint8Array(await parcel.serialize(sender.keys.privateKey, options));
  }

  /** By the private gateway. */
  async countersign(parcel: Uint8Array): Promise<Uint8Array> {
    const { certificate, keys } = this.#privateGateway;
    const signer = new ParcelDeliverySigner(certificate, keys.privateKey);
    return new Uint8Array(await signer.sign(arrayBuffer(parcel)));
  }

  /** What the peer library reads, having verified it. Throws what it throws. */
  async accept(octets: Uint8Array): Promise<ParcelValues> {
    const parcel = await Parcel.deserialize(arrayBuffer(octets));
    const path = (await parcel.validate([this.#gateway.certificate])) ?? [];
    return {
      id: parcel.id,
      recipientId: parcel.recipient.id,
      internetAddress: parcel.recipient.internetAddress ?? null,
      createdAt: parcel.creationDate,
      ttlSeconds: parcel.ttl,
      payload: parcel.payloadSerialized,
      path: await Promise.all(path.map((certificate) => certificate.calculateSubjectId())),
    };
  }

  /** The node id of the signer. Throws what the peer library throws. */
  async acceptCountersignature(signature: Uint8Array, parcel: Uint8Array): Promise<string> {
    const verifier = new ParcelDeliveryVerifier([this.#gateway.certificate]);
    const signer = await verifier.verify(arrayBuffer(signature), arrayBuffer(parcel));
    return signer.calculateSubjectId();
  }
}

type RsaModulus = 2048 | 3072 | 4096;

type Issue = (
  options: Parameters<typeof issueDeliveryAuthorization>[0],
) => Promise<PeerCertificate>;

async function selfIssued(): Promise<Node> {
  const keys = await generateRSAKeyPair();
  const certificate = await issueGatewayCertificate({
    issuerPrivateKey: keys.privateKey,
    subjectPublicKey: keys.publicKey,
    ...validity(),
  });
  return { certificate, keys };
}

async function issuedBy(issuer: Node, issue: Issue, modulus: RsaModulus = 2048): Promise<Node> {
  const keys = await generateRSAKeyPair({ modulus });
  const certificate = await issue({
    issuerCertificate: issuer.certificate,
    issuerPrivateKey: issuer.keys.privateKey,
    subjectPublicKey: keys.publicKey,
    ...validity(),
  });
  return { certificate, keys };
}

function validity() {
  const dayMs = 86_400_000;
  return {
    validityStartDate: new Date(Date.now() - dayMs),
    validityEndDate: new Date(Date.now() + dayMs),
  };
}
