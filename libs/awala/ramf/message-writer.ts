import { layOutSignedData, type Sign } from '../cms/signed-data-writer.ts';
import {
  concatenated,
  constructed,
  type DerPart,
  DerRegion,
  type DerValue,
  dateTime,
  encodeDer,
  implicit,
  integerContent,
  lengthOf,
  sequence,
  visibleText,
} from '../der/writer.ts';
import {
  MAX_MESSAGE_ID_LENGTH,
  MAX_PAYLOAD_OCTETS,
  MAX_RECIPIENT_LENGTH,
  MAX_TTL_SECONDS,
} from '../limits.ts';
import type { Certificate } from '../x509/certificate.ts';
import { MESSAGE_TYPES, type MessageType } from './message.ts';

/** The fields of a RAMF message to write. */
export interface OutgoingMessage {
  readonly type: MessageType;
  readonly recipient: {
    /** At most 1 024 characters. */
    readonly id: string;
    /** Only for a recipient reached over the Internet. At most 1 024 characters. */
    readonly internetAddress?: string | undefined;
  };
  /** 1 to 64 characters of printable ASCII. */
  readonly id: string;
  /** Milliseconds are dropped. */
  readonly createdAt: Date;
  /** 0 to {@link MAX_TTL_SECONDS}. */
  readonly ttlSeconds: number;
  /** At most 8 388 607 octets. */
  readonly payload: Uint8Array;
  /** The certificate whose key `sign` uses. */
  readonly sender: Certificate;
  /** Intermediate authorities for the recipient to build the certification path with. */
  readonly attachedCertificates: readonly Certificate[];
  readonly sign: Sign;
}

const FORMAT = Buffer.from('Awala');
const VERSION_OCTET = 0;

/** One less than the specification's, as the deployed peers accept no more. */
const MAX_WRITTEN_PAYLOAD_OCTETS = MAX_PAYLOAD_OCTETS - 1;

/**
 * Writes and signs a RAMF message into one buffer, copying the payload once.
 *
 * @throws {RangeError} if a field is out of bounds
 * @see RS-001
 */
export async function serialiseMessage(message: OutgoingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const { value, seal } = layOutMessage(message);
  const serialised = encodeDer(value);
  await seal();
  return serialised;
}

/** A RAMF message laid out but not signed: encode `value`, fill the payload, then `seal`. */
interface UnsignedMessage {
  readonly value: DerValue;
  seal(): Promise<void>;
}

/**
 * Lays out a RAMF message whose payload is then produced in place.
 *
 * @throws {RangeError} if a field is out of bounds
 */
export function layOutMessage(
  message: Omit<OutgoingMessage, 'payload'> & { readonly payload: DerPart },
): UnsignedMessage {
  checkBounds(message);
  const { recipient } = message;
  const fields = new DerRegion(
    sequence(
      constructed(
        0,
        implicit(0, visibleText(recipient.id)),
        ...(recipient.internetAddress === undefined
          ? []
          : [implicit(1, visibleText(recipient.internetAddress))]),
      ),
      implicit(1, visibleText(message.id)),
      implicit(2, dateTime(message.createdAt)),
      implicit(3, integerContent(message.ttlSeconds)),
      implicit(4, message.payload),
    ),
  );
  const signer = { certificate: message.sender, sign: message.sign };
  const signed = layOutSignedData(fields, signer, message.attachedCertificates);
  const format = Buffer.from([...FORMAT, MESSAGE_TYPES[message.type], VERSION_OCTET]);
  return {
    value: concatenated(format, signed.value),
    seal: () => signed.seal(fields.written),
  };
}

function checkBounds(message: Omit<OutgoingMessage, 'payload'> & { readonly payload: DerPart }) {
  check('message id', message.id.length, MAX_MESSAGE_ID_LENGTH, 1);
  check('recipient id', message.recipient.id.length, MAX_RECIPIENT_LENGTH);
  check('Internet address', message.recipient.internetAddress?.length ?? 0, MAX_RECIPIENT_LENGTH);
  check('TTL', message.ttlSeconds, MAX_TTL_SECONDS);
  check('payload', lengthOf(message.payload), MAX_WRITTEN_PAYLOAD_OCTETS);
}

function check(field: string, value: number, max: number, min = 0): void {
  if (value < min || value > max) {
    throw new RangeError(`${field} must be within ${min} and ${max}, but got ${value}`);
  }
}
