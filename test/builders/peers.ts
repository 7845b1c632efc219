/**
 * Nodes for tests, benchmarks and smoke tests: gateways and endpoints that hold
 * their keys and certificates, and write messages the way the real ones do, but fast.
 *
 * Keys are named, made once per process and reused: generating RSA keys takes
 * longer than most tests.
 */
import {
  constants,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from 'node:crypto';
import { serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import { packCargo } from '#awala/cargo/pack-cargo.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import type { SignaturePurpose } from '#awala/cms/signature-purpose.ts';
import { type Sign, signDetached } from '#awala/cms/signed-data-writer.ts';
import { countersignatureHeader } from '#awala/countersignature.ts';
import { type NodeId, nodeIdOfKey } from '#awala/node-id.ts';
import type { MessageType } from '#awala/ramf/message.ts';
import { serialiseMessage } from '#awala/ramf/message-writer.ts';
import {
  generateSessionKey,
  type SessionKey,
  type SessionKeyPair,
} from '#awala/sessions/session-key.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import {
  issueDeliveryAuthorization,
  issueEndpointCertificate,
  issueGatewayCertificate,
} from '#awala/x509/issuance.ts';

/** An identity key and what follows from it. */
export interface Identity {
  readonly nodeId: NodeId;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly privateKey: KeyObject;
  readonly sign: Sign;
}

/** When certificates are valid. */
export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A node with a certificate, and the certificates between it and the Internet gateway. */
export interface Peer extends Identity {
  readonly certificate: Certificate;
  /** From the peer's issuer upwards, without the Internet gateway's own. */
  readonly issuers: readonly Certificate[];
}

const identities = new Map<string, Identity>();

/** The identity of that name: the same one throughout the process. RSA of 2 048 bits. */
export function identity(name: string): Identity {
  const known = identities.get(name);
  if (known) {
    return known;
  }
  const made = newIdentity();
  identities.set(name, made);
  return made;
}

/** An identity that nobody else has. Takes some 100 ms. */
export function newIdentity(modulusLength = 2_048, publicExponent = 65_537): Identity {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
  return { nodeId: nodeIdOfKey(spki), spki, privateKey, sign: signerOf(privateKey) };
}

/** RSASSA-PSS as every Awala node uses it. */
export function signerOf(privateKey: KeyObject): Sign {
  const key = { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return (data) => sign('sha256', data, key);
}

/** Valid from a day before `now` until 30 days after it. */
export function validAround(now: Date): Validity {
  const dayMs = 86_400_000;
  return {
    notBefore: new Date(now.getTime() - dayMs),
    notAfter: new Date(now.getTime() + 30 * dayMs),
  };
}

/** An Internet gateway with a certificate of its own making. */
export function internetGateway(name: string, validity: Validity): Promise<Peer> {
  return selfIssued(identity(name), validity);
}

/** A gateway with a certificate that it issued to itself. */
export async function selfIssued(self: Identity, validity: Validity): Promise<Peer> {
  const certificate = await issueGatewayCertificate({
    ...validity,
    subjectKey: self.spki,
    issuer: null,
    issuerKey: self.spki,
    sign: self.sign,
  });
  return { ...self, certificate, issuers: [] };
}

/** A private gateway that `registrar` issued a certificate to. */
export async function privateGateway(
  name: string,
  registrar: Peer,
  validity: Validity,
): Promise<Peer> {
  const self = identity(name);
  const certificate = await issueGatewayCertificate(issuance(self, registrar, validity));
  return { ...self, certificate, issuers: [] };
}

/** A private endpoint behind `gateway`. */
export async function endpoint(name: string, gateway: Peer, validity: Validity): Promise<Peer> {
  const self = identity(name);
  const certificate = await issueEndpointCertificate(issuance(self, gateway, validity));
  return { ...self, certificate, issuers: [gateway.certificate, ...gateway.issuers] };
}

/**
 * The endpoint called `name` as a sender that `recipient` lets write to it: its
 * certificate is the authorisation (PDA).
 */
export async function authorisedSender(
  name: string,
  recipient: Peer,
  validity: Validity,
): Promise<Peer> {
  const self = identity(name);
  const certificate = await issueDeliveryAuthorization(issuance(self, recipient, validity));
  return { ...self, certificate, issuers: [recipient.certificate, ...recipient.issuers] };
}

function issuance(subject: Pick<Identity, 'spki'>, issuer: Peer, validity: Validity) {
  return {
    ...validity,
    subjectKey: subject.spki,
    issuer: issuer.certificate,
    issuerKey: issuer.spki,
    sign: issuer.sign,
  };
}

export interface MessageFields {
  readonly recipient: { readonly id: string; readonly internetAddress?: string };
  readonly createdAt: Date;
  readonly type?: MessageType;
  readonly id?: string;
  readonly ttlSeconds?: number;
  readonly payload?: Uint8Array;
}

/** A parcel, unless told otherwise: valid for an hour, with a few octets of payload. */
export function messageFrom(sender: Peer, fields: MessageFields): Promise<Uint8Array> {
  return serialiseMessage({
    type: 'parcel',
    id: randomUUID(),
    ttlSeconds: 3_600,
    payload: Buffer.from('payload'),
    ...fields,
    sender: sender.certificate,
    attachedCertificates: sender.issuers,
    sign: sender.sign,
  });
}

/** What a private gateway puts into `Authorization` when it delivers the parcel, or else for `purpose`. */
export async function countersign(
  octets: Uint8Array,
  gateway: Peer,
  purpose: SignaturePurpose = 'parcel-delivery',
): Promise<string> {
  return countersignatureHeader(await signDetached(octets, purpose, gateway));
}

/** A private gateway's answer to a collection challenge, to go into a handshake response. */
export function signNonce(nonce: Uint8Array, gateway: Peer): Promise<Uint8Array> {
  return signDetached(nonce, 'collection-handshake', gateway);
}

/** What a private gateway sends to be authorised to register: its key's digest in hex. */
export function preRegistrationBody({ spki }: Identity): string {
  return createHash('sha256').update(spki).digest('hex');
}

/**
 * The Internet gateway `gateway` as a sender of cargo to `recipient`, which
 * authorised it (CDA).
 */
export async function cargoDeliveryAuthorization<Gateway extends Pick<Identity, 'spki'>>(
  gateway: Gateway,
  recipient: Peer,
  validity: Validity,
): Promise<Gateway & Pick<Peer, 'certificate' | 'issuers'>> {
  const certificate = await issueDeliveryAuthorization(issuance(gateway, recipient, validity));
  return { ...gateway, certificate, issuers: [recipient.certificate] };
}

/** What a cargo is made of. */
export interface CargoFields {
  /** Serialised parcels, acknowledgements and rotations. */
  readonly messages: readonly Uint8Array[];
  /** The recipient's session key. */
  readonly recipientKey: SessionKey;
  /** The sender's; a new one if not given. */
  readonly senderKey?: SessionKeyPair;
  readonly recipient: MessageFields['recipient'];
  readonly createdAt: Date;
  readonly ttlSeconds?: number;
}

/** A cargo, encrypted and signed. */
export function cargoFrom(sender: Peer, fields: CargoFields): Promise<Uint8Array> {
  return packCargo({
    id: randomUUID(),
    ttlSeconds: 3_600,
    ...fields,
    encryption: {
      recipientKey: fields.recipientKey,
      senderKey: fields.senderKey ?? generateSessionKey(),
    },
    sender: sender.certificate,
    attachedCertificates: sender.issuers,
    sign: sender.sign,
  });
}

/** What a cargo collection authorisation is made of. */
export interface CcaFields extends Omit<CargoFields, 'messages'> {
  /** What lets the recipient send cargo. */
  readonly cda: Certificate;
}

/** A private gateway's authorisation to collect its cargo (CCA). */
export function ccaFrom(sender: Peer, fields: CcaFields): Promise<Uint8Array> {
  const { cda, recipientKey, senderKey = generateSessionKey(), ...rest } = fields;
  const request = serialiseCollectionRequest(cda);
  const payload = encryptForSession(request, { recipientKey, senderKey });
  return messageFrom(sender, { ...rest, type: 'cca', payload });
}
