import { OIDS } from '../der/oids.ts';
import { contextPrimitive, TAG } from '../der/reader.ts';
import { encodeDer, headerOf, implicit } from '../der/writer.ts';

/** What a detached signature is for. Made for one purpose, it does not verify for another. */
export type SignaturePurpose =
  | 'parcel-delivery'
  | 'parcel-deauthorisation'
  | 'collection-handshake';

/** Signed with the plaintext, to tell purposes apart (RS-016). */
const PURPOSE_FIELDS: Readonly<Record<SignaturePurpose, Uint8Array>> = {
  'parcel-delivery': encodeDer(implicit(0, OIDS.parcelDelivery.content)),
  'parcel-deauthorisation': encodeDer(implicit(0, OIDS.parcelDeauthorisation.content)),
  'collection-handshake': encodeDer(implicit(0, OIDS.collectionHandshake.content)),
};

/**
 * The octets that a detached signature is over: `SEQUENCE { [0] purpose, [1] plaintext }`, in two
 * pieces, the second being `plaintext` itself.
 */
export function boundToPurpose(
  plaintext: Uint8Array,
  purpose: SignaturePurpose,
): readonly [Uint8Array, Uint8Array] {
  const field = PURPOSE_FIELDS[purpose];
  const plaintextHeader = headerOf(contextPrimitive(1), plaintext.length);
  const octets = field.length + plaintextHeader.length + plaintext.length;
  return [Buffer.concat([headerOf(TAG.sequence, octets), field, plaintextHeader]), plaintext];
}
