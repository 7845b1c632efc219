import { contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import { concatenated, encodeDer, implicit, sequence, visibleText } from '../der/writer.ts';
import { MalformedMessageError } from '../errors.ts';
import { MAX_MESSAGE_ID_LENGTH, MAX_RECIPIENT_LENGTH } from '../limits.ts';
import { typeOfCargoMessage } from './message-set.ts';

/**
 * Tells a gateway that a parcel has reached its recipient's gateway and need not be kept (PCA).
 *
 * @see RS-000 "Parcel Collection Acknowledgement"
 */
export interface ParcelCollectionAck {
  readonly senderId: string;
  readonly recipientId: string;
  readonly parcelId: string;
}

const FORMAT = Buffer.from('Awala\x51\x00', 'latin1');

/**
 * Writes an acknowledgement.
 *
 * @throws {RangeError} if an id is not printable ASCII
 */
export function serialisePca(pca: ParcelCollectionAck): Uint8Array {
  const fields = sequence(
    implicit(0, visibleText(pca.senderId)),
    implicit(1, visibleText(pca.recipientId)),
    implicit(2, visibleText(pca.parcelId)),
  );
  return encodeDer(concatenated(FORMAT, fields));
}

/**
 * Reads an acknowledgement. Its ids are at most as long as a parcel's, but otherwise unchecked.
 *
 * @throws {MalformedMessageError}
 */
export function parsePca(octets: Uint8Array): ParcelCollectionAck {
  if (typeOfCargoMessage(octets) !== 'pca') {
    throw new MalformedMessageError('Not a parcel collection acknowledgement');
  }
  const reader = new DerReader(octets.subarray(FORMAT.length));
  reader.enter(TAG.sequence);
  const senderId = reader.readVisibleText(contextPrimitive(0), MAX_RECIPIENT_LENGTH);
  const recipientId = reader.readVisibleText(contextPrimitive(1), MAX_RECIPIENT_LENGTH);
  const parcelId = reader.readVisibleText(contextPrimitive(2), MAX_MESSAGE_ID_LENGTH);
  reader.leave();
  reader.finish();
  return { senderId, recipientId, parcelId };
}
