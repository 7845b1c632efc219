/** Messages of gRPC begin with whether they are compressed and their length. */
const PREFIX_OCTETS = 5;
/** Field 2 of `CommitRequest`, `BatchWriteRequest` and `BatchGetDocumentsRequest`: one for each document. */
const DOCUMENTS_FIELD = 2;
const LENGTH_DELIMITED = 2;

/** What a call to Firestore is billed as, and how often. */
interface FirestoreOperations {
  readonly name: 'read' | 'write';
  readonly count: number;
}

/**
 * The documents that a call reads or changes, whichever method does it.
 *
 * @param request - the message of the call with gRPC's prefix, not compressed
 * @returns null for a method that reads or changes no documents known beforehand, such as a query
 */
export function firestoreOperations(method: string, request: Buffer): FirestoreOperations | null {
  switch (method) {
    case 'GetDocument':
      return { name: 'read', count: 1 };
    case 'BatchGetDocuments':
      return { name: 'read', count: documentsIn(request) };
    case 'Commit':
    case 'BatchWrite':
      return { name: 'write', count: documentsIn(request) };
    default:
      return null;
  }
}

/** How often the field for documents is there; fields that are numbers or the like come after it. */
function documentsIn(request: Buffer): number {
  let documents = 0;
  for (let at = PREFIX_OCTETS; at < request.length; ) {
    const [tag, afterTag] = varint(request, at);
    if ((tag & 7) !== LENGTH_DELIMITED) {
      break;
    }
    const [length, afterLength] = varint(request, afterTag);
    documents += tag >> 3 === DOCUMENTS_FIELD ? 1 : 0;
    at = afterLength + length;
  }
  return documents;
}

/** @returns the number, and where it ends */
function varint(octets: Buffer, start: number): [number, number] {
  let value = 0;
  for (let at = start; ; at++) {
    const octet = octets[at] ?? 0;
    value |= (octet & 0x7f) << (7 * (at - start));
    if (octet < 0x80) {
      return [value, at + 1];
    }
  }
}
