import { endOfIdPrefix } from '../record-rules.ts';
import { encodeId } from './document-id.ts';
import {
  type Documents,
  decodeDocument,
  type RawDocument,
  type StoredDocument,
} from './documents.ts';
import type { Step } from './firestore-calls.ts';

export interface PageOf {
  readonly kind: string;
  readonly idPrefix: string;
  /** The last id of the page before; null for the first page. */
  readonly afterId: string | null;
  readonly limit: number;
}

interface QueryAnswer {
  readonly document?: RawDocument | null;
}

/** A stream has a repetition of its own in the client library, besides that of calls. */
const NO_STREAM_RETRY = { retries: 0, noResponseRetries: 0 };

const NAME = { fieldPath: '__name__' };

/** One page of the documents of a kind whose ids start with a prefix, in order of id. */
export async function queryPage(
  step: Step,
  documents: Documents,
  { kind, idPrefix, afterId, limit }: PageOf,
): Promise<StoredDocument[]> {
  const named = (documentId: string) => ({
    referenceValue: `${documents.root}/${kind}/${documentId}`,
  });
  const prefix = encodeId(idPrefix);
  const filters = [
    ...(prefix === '' ? [] : [compare('GREATER_THAN_OR_EQUAL', named(prefix))]),
    compare('LESS_THAN', named(endOfIdPrefix(prefix))),
  ];
  const structuredQuery = {
    from: [{ collectionId: kind }],
    where: { compositeFilter: { op: 'AND' as const, filters } },
    orderBy: [{ field: NAME, direction: 'ASCENDING' as const }],
    limit: { value: limit },
    ...(afterId === null ? {} : { startAt: { values: [named(encodeId(afterId))], before: false } }),
  };
  return step(async (client, options, signal) => {
    const found: StoredDocument[] = [];
    const answers = client.runQuery(
      { parent: documents.root, structuredQuery },
      { ...options, retryRequestOptions: NO_STREAM_RETRY },
    );
    // The client would go on asking long after anybody waits for it.
    signal.addEventListener('abort', () => answers.destroy(), { once: true });
    for await (const { document } of answers as AsyncIterable<QueryAnswer>) {
      if (document) {
        found.push(decodeDocument(document));
      }
    }
    return found;
  });
}

function compare(op: 'GREATER_THAN_OR_EQUAL' | 'LESS_THAN', value: { referenceValue: string }) {
  return { fieldFilter: { field: NAME, op, value } };
}
