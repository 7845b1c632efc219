import type { SegmentedContent } from '../cms/segmented-content.ts';
import { SignedData } from '../cms/signed-data.ts';
import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { parseMessageTime } from '../der/time.ts';
import { MalformedMessageError } from '../errors.ts';
import { canonicalInternetAddress } from '../internet-address.ts';
import {
  MAX_MESSAGE_ID_LENGTH,
  MAX_MESSAGE_OCTETS,
  MAX_PARCEL_OCTETS,
  MAX_PAYLOAD_OCTETS,
  MAX_RECIPIENT_LENGTH,
  MAX_TTL_SECONDS,
} from '../limits.ts';
import type { Certificate } from '../x509/certificate.ts';

/** The octets that tell message types apart (RS-001, "Reserved Concrete Message Types"). */
export const MESSAGE_TYPES = {
  parcel: 0x50,
  cargo: 0x43,
  cca: 0x44,
  'certificate-revocation': 0x11,
} as const;

/** The types of RAMF messages. */
export type MessageType = keyof typeof MESSAGE_TYPES;

/** To whom a message goes. */
interface Recipient {
  /** `0` and hex digits; {@link parseNodeId} checks for the canonical form of a node id. */
  readonly id: string;
  /** In canonical form, if the recipient is reached over the Internet; else null. */
  readonly internetAddress: string | null;
}

/** A RAMF message, parsed but not verified. */
export interface RamfMessage {
  readonly type: MessageType;
  readonly recipient: Recipient;
  /** Chosen by the sender: 1 to {@link MAX_MESSAGE_ID_LENGTH} printable ASCII characters. */
  readonly id: string;
  /** By the sender's clock. */
  readonly createdAt: Date;
  readonly ttlSeconds: number;
  /** The last second at which the message is valid. */
  readonly expiresAt: Date;
  /** A view of {@link octets}, or a copy made at first use if the payload lies there in pieces. */
  readonly payload: Uint8Array;
  /** The certificate of the signer, or of whoever claims to be. */
  readonly sender: Certificate;
  /** All the certificates in the message, the sender's included, in no particular order. */
  readonly attachedCertificates: readonly Certificate[];
  /** The whole message as received. */
  readonly octets: Uint8Array;
  /** Whether its length is indefinite, as JVM peers write messages and JavaScript ones do not. */
  readonly isBer: boolean;
  readonly signedData: SignedData;
}

const PREFIX = Buffer.from('Awala');
const VERSION = 0;
const FORMAT_SIGNATURE_OCTETS = PREFIX.length + 2;
/** The octet after the tag (X.690 §8.1.3.6). */
const INDEFINITE_LENGTH = 0x80;

/** More than all fields before the payload can take. */
const MAX_FIELDS_OCTETS = MAX_MESSAGE_ID_LENGTH + 2 * MAX_RECIPIENT_LENGTH + 128;

const RECIPIENT_ID = /^0[0-9a-f]+$/;

/**
 * Parses a message; verifies nothing.
 *
 * Keeps views of `octets`, which must not change afterwards.
 *
 * @param parseCertificate - called for each certificate attached
 * @throws {MalformedMessageError} also if it is of another type, or exceeds a limit
 * @see RS-001
 */
export function parseMessage(
  octets: Uint8Array,
  type: MessageType,
  parseCertificate: (der: Uint8Array) => Certificate,
): RamfMessage {
  requireFormat(octets, type);
  const signedData = SignedData.parse(octets.subarray(FORMAT_SIGNATURE_OCTETS), parseCertificate);
  if (!signedData.content) {
    throw new MalformedMessageError('Message has no content');
  }
  return new ParsedMessage(type, octets, signedData, signedData.content);
}

/** The fields before the payload, and the payload's place in the content. */
interface Fields {
  readonly recipient: Recipient;
  readonly id: string;
  readonly createdAt: Date;
  readonly ttlSeconds: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

class ParsedMessage implements RamfMessage {
  readonly type: MessageType;
  readonly octets: Uint8Array;
  readonly signedData: SignedData;
  readonly recipient: Recipient;
  readonly id: string;
  readonly createdAt: Date;
  readonly ttlSeconds: number;
  readonly #content: SegmentedContent;
  readonly #fields: Fields;
  #payload: Uint8Array | undefined;

  constructor(
    type: MessageType,
    octets: Uint8Array,
    signedData: SignedData,
    content: SegmentedContent,
  ) {
    const fields = readFields(content);
    this.type = type;
    this.octets = octets;
    this.signedData = signedData;
    this.recipient = fields.recipient;
    this.id = fields.id;
    this.createdAt = fields.createdAt;
    this.ttlSeconds = fields.ttlSeconds;
    this.#content = content;
    this.#fields = fields;
  }

  get expiresAt(): Date {
    return new Date(this.createdAt.getTime() + this.ttlSeconds * 1000);
  }

  get isBer(): boolean {
    return this.octets[FORMAT_SIGNATURE_OCTETS + 1] === INDEFINITE_LENGTH;
  }

  get payload(): Uint8Array {
    this.#payload ??= this.#content.slice(this.#fields.payloadStart, this.#fields.payloadEnd);
    return this.#payload;
  }

  get sender(): Certificate {
    return this.signedData.signer;
  }

  get attachedCertificates(): readonly Certificate[] {
    return this.signedData.certificates;
  }
}

function requireFormat(octets: Uint8Array, type: MessageType): void {
  const limit = type === 'parcel' ? MAX_PARCEL_OCTETS : MAX_MESSAGE_OCTETS;
  if (octets.length > limit) {
    throw new MalformedMessageError(`Message spans more than ${limit} octets`);
  }
  if (Buffer.compare(octets.subarray(0, PREFIX.length), PREFIX) !== 0) {
    throw new MalformedMessageError('Message does not begin with "Awala"');
  }
  if (octets[PREFIX.length] !== MESSAGE_TYPES[type]) {
    throw new MalformedMessageError(`Message is not a ${type}`);
  }
  if (octets[PREFIX.length + 1] !== VERSION) {
    throw new MalformedMessageError('Message is of an unknown version');
  }
}

function readFields(content: SegmentedContent): Fields {
  const reader = new DerReader(content.slice(0, MAX_FIELDS_OCTETS), content.length);
  reader.enter(TAG.sequence);
  const recipient = readRecipient(reader);
  const id = reader.readVisibleText(contextPrimitive(1), MAX_MESSAGE_ID_LENGTH);
  const createdAt = parseMessageTime(reader.read(contextPrimitive(2)));
  const ttlSeconds = reader.readSmallInteger(contextPrimitive(3));
  const { start: payloadStart, end: payloadEnd } = reader.locate(contextPrimitive(4));
  reader.leave();
  reader.finish();
  if (id === '') {
    throw new MalformedMessageError('Message id is empty');
  }
  if (ttlSeconds > MAX_TTL_SECONDS) {
    throw new MalformedMessageError(`Time to live is longer than ${MAX_TTL_SECONDS} seconds`);
  }
  if (payloadEnd - payloadStart > MAX_PAYLOAD_OCTETS) {
    throw new MalformedMessageError(`Payload spans more than ${MAX_PAYLOAD_OCTETS} octets`);
  }
  return { recipient, id, createdAt, ttlSeconds, payloadStart, payloadEnd };
}

function readRecipient(reader: DerReader): Recipient {
  reader.enter(contextConstructed(0));
  const id = reader.readVisibleText(contextPrimitive(0), MAX_RECIPIENT_LENGTH);
  const address = reader.isAtEnd
    ? null
    : reader.readVisibleText(contextPrimitive(1), MAX_RECIPIENT_LENGTH);
  reader.leave();
  if (!RECIPIENT_ID.test(id)) {
    throw new MalformedMessageError('Recipient id is not 0 and hex digits');
  }
  const internetAddress = address === null ? null : canonicalInternetAddress(address);
  if (address !== null && internetAddress === null) {
    throw new MalformedMessageError('Internet address is no domain name');
  }
  return { id, internetAddress };
}
