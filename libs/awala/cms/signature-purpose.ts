import { OIDS, type Oid } from '../der/oids.ts';
import { implicit, piecesOf, sequence } from '../der/writer.ts';

/** What a detached signature is for; made for one purpose it is no good for another. */
export type SignaturePurpose = 'parcel-delivery' | 'collection-handshake';

/** What is signed along with the plaintext, to tell the purposes apart (RS-016). */
const PURPOSE_OIDS: Readonly<Record<SignaturePurpose, Oid>> = {
  'parcel-delivery': OIDS.parcelDelivery,
  'collection-handshake': OIDS.collectionHandshake,
};

/**
 * What a detached signature is over: `SEQUENCE { [0] purpose, [1] plaintext }`,
 * in pieces of which the last is `plaintext` itself.
 */
export function boundToPurpose(plaintext: Uint8Array, purpose: SignaturePurpose): Uint8Array[] {
  const oid = PURPOSE_OIDS[purpose].content;
  return piecesOf(sequence(implicit(0, oid), implicit(1, plaintext)));
}
