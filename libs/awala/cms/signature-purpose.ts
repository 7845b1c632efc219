import { OIDS, type Oid } from '../der/oids.ts';

/** What a detached signature is for; made for one purpose it is no good for another. */
export type SignaturePurpose = 'parcel-delivery' | 'collection-handshake';

/** What is signed along with the plaintext, to tell the purposes apart (RS-016). */
export const PURPOSE_OIDS: Readonly<Record<SignaturePurpose, Oid>> = {
  'parcel-delivery': OIDS.parcelDelivery,
  'collection-handshake': OIDS.collectionHandshake,
};
