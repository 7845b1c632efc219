import type { Firestore } from '@google-cloud/firestore';
import { endOfIdPrefix } from '../record-rules.ts';
import { encodeId } from './document-id.ts';
import { decodeDocument, type StoredDocument } from './documents.ts';

interface PageOf {
  readonly kind: string;
  readonly idPrefix: string;
  /** Last id of the previous page; null for the first page. */
  readonly afterId: string | null;
  readonly limit: number;
}

/** Firestore's name for a document's id in queries. */
const ID = '__name__';

/** Reads one page of a kind's documents whose ids start with a prefix, in order of id. */
export async function queryPage(
  firestore: Firestore,
  { kind, idPrefix, afterId, limit }: PageOf,
): Promise<StoredDocument[]> {
  const prefix = encodeId(idPrefix);
  let query = firestore
    .collection(kind)
    .orderBy(ID)
    .where(ID, '<', endOfIdPrefix(prefix))
    .limit(limit);
  if (prefix !== '') {
    query = query.where(ID, '>=', prefix);
  }
  if (afterId !== null) {
    query = query.startAfter(encodeId(afterId));
  }
  const { docs } = await query.get();
  return docs.map(decodeDocument);
}
