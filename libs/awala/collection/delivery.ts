import { contextPrimitive, DerReader, TAG } from '../der/reader.ts';
import {
  concatenated,
  encodeDer,
  headerOf,
  implicit,
  sequence,
  visibleText,
} from '../der/writer.ts';

/** A parcel as sent to a collector. */
export interface Delivery {
  /** The collector's acknowledgement refers to it. */
  readonly deliveryId: string;
  readonly parcel: Uint8Array;
}

/** Longest delivery id read, in characters. */
const MAX_DELIVERY_ID_CHARACTERS = 1_024;

const PARCEL_TAG = contextPrimitive(1);

/**
 * Writes the octets before the parcel in a delivery frame, so that the frame can be sent in two
 * pieces without copying the parcel.
 *
 * @param deliveryId - printable ASCII
 * @param parcelOctets - exact length of the parcel that follows
 * @see RS-016 "Parcel Collection"
 */
export function deliveryFrameParts(deliveryId: string, parcelOctets: number): Uint8Array {
  const id = implicit(0, visibleText(deliveryId));
  const parcelHeader = headerOf(PARCEL_TAG, parcelOctets);
  const contentOctets = id.octets + parcelHeader.length + parcelOctets;
  return encodeDer(concatenated(headerOf(TAG.sequence, contentOctets), id, parcelHeader));
}

/** Writes the frame of {@link deliveryFrameParts} with the parcel, copying it. */
export function serialiseDelivery(deliveryId: string, parcel: Uint8Array): Uint8Array {
  return encodeDer(sequence(implicit(0, visibleText(deliveryId)), implicit(1, parcel)));
}

/**
 * Reads what {@link serialiseDelivery} writes.
 *
 * @throws {MalformedMessageError}
 */
export function parseDelivery(octets: Uint8Array): Delivery {
  const reader = new DerReader(octets);
  reader.enter(TAG.sequence);
  const deliveryId = reader.readVisibleText(contextPrimitive(0), MAX_DELIVERY_ID_CHARACTERS);
  const parcel = reader.read(PARCEL_TAG);
  reader.leave();
  reader.finish();
  return { deliveryId, parcel };
}
