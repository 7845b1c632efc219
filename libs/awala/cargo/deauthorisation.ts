import { readSerialNumber } from '../der/primitives.ts';
import { contextConstructed, contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { hexOf } from '../der/text.ts';
import { parseMessageTime } from '../der/time.ts';
import {
  concatenated,
  constructed,
  dateTime,
  encodeDer,
  implicit,
  sequence,
  tagged,
  visibleText,
} from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import {
  MAX_DEAUTHORISATION_OCTETS,
  MAX_DEAUTHORISED_SERIALS,
  MAX_RECIPIENT_LENGTH,
} from '../limits.ts';
import { type NodeId, parseNodeId } from '../node-id.ts';
import { typeOfCargoMessage } from './message-set.ts';

/**
 * Withdraws authorisations to deliver parcels to an endpoint (PDD).
 *
 * @see RS-000 "Parcel Delivery Deauthorization", docs/proposals/withdrawals.md
 */
interface ParcelDeauthorisation {
  /** The endpoint that issued the authorisations. */
  readonly recipient: NodeId;
  /**
   * Those of the authorisations, as {@link serialNumberText} writes them, at most {@link
   * MAX_DEAUTHORISED_SERIALS}. If there is none, all are meant that start no later than {@link
   * createdAt}.
   */
  readonly serialNumbers: readonly string[];
  /** When the last of them ends, or the endpoint's certificate. */
  readonly expiresAt: Date;
  readonly createdAt: Date;
}

const FORMAT = Buffer.from('Awala\x52\x00', 'latin1');

/**
 * Writes a deauthorisation.
 *
 * @param deauthorisation.serialNumbers - content octets, which are put in DER's order
 */
export function serialiseDeauthorisation(deauthorisation: {
  readonly recipient: NodeId;
  readonly serialNumbers: readonly Uint8Array[];
  readonly expiresAt: Date;
  readonly createdAt: Date;
}): Uint8Array {
  const { recipient, serialNumbers, expiresAt, createdAt } = deauthorisation;
  const serials = serialNumbers.map((serial) => encodeDer(tagged(TAG.integer, serial)));
  const fields = sequence(
    implicit(0, visibleText(recipient)),
    constructed(1, ...serials.sort(Buffer.compare)),
    implicit(2, dateTime(expiresAt)),
    implicit(3, dateTime(createdAt)),
  );
  return encodeDer(concatenated(FORMAT, fields));
}

/**
 * Reads a deauthorisation. Serial numbers may come in any order, and more than once.
 *
 * @throws {MalformedMessageError}
 */
export function parseDeauthorisation(octets: Uint8Array): ParcelDeauthorisation {
  if (octets.length > MAX_DEAUTHORISATION_OCTETS) {
    throw new MalformedMessageError(
      `Deauthorisation spans more than ${MAX_DEAUTHORISATION_OCTETS} octets`,
    );
  }
  if (typeOfCargoMessage(octets) !== 'deauthorisation') {
    throw new MalformedMessageError('Not a parcel delivery deauthorisation');
  }
  const reader = new DerReader(octets.subarray(FORMAT.length));
  reader.enter(TAG.sequence);
  const recipient = readNodeId(reader);
  const serialNumbers = readSerialNumbers(reader);
  const expiresAt = parseMessageTime(reader.read(contextPrimitive(2)));
  const createdAt = parseMessageTime(reader.read(contextPrimitive(3)));
  reader.leave();
  reader.finish();
  return { recipient, serialNumbers, expiresAt, createdAt };
}

/**
 * A serial number in hex, equal for equal numbers: without the leading zero too many that {@link
 * readSerialNumber} allows.
 *
 * @param content - content octets of the INTEGER
 */
export function serialNumberText(content: Uint8Array): string {
  let start = 0;
  while (content[start] === 0 && (content[start + 1] ?? 0x80) < 0x80) {
    start++;
  }
  return hexOf(content.subarray(start));
}

function readNodeId(reader: DerReader): NodeId {
  const id = parseNodeId(reader.readVisibleText(contextPrimitive(0), MAX_RECIPIENT_LENGTH));
  if (id === null) {
    throw new MalformedMessageError('Deauthorisation does not name an endpoint');
  }
  return id;
}

function readSerialNumbers(reader: DerReader): readonly string[] {
  const serialNumbers: string[] = [];
  reader.enter(contextConstructed(1));
  while (!reader.isAtEnd) {
    if (serialNumbers.length === MAX_DEAUTHORISED_SERIALS) {
      throw new MalformedMessageError(
        `Deauthorisation has more than ${MAX_DEAUTHORISED_SERIALS} serial numbers`,
      );
    }
    serialNumbers.push(serialNumberText(readSerialNumber(reader)));
  }
  reader.leave();
  return serialNumbers;
}
