import { status } from '@grpc/grpc-js';
import { type DocumentStore, FirestoreRefusal, type StoredDocument } from './documents.ts';

interface Filter {
  readonly compositeFilter?: { readonly op: string; readonly filters: readonly Filter[] };
  readonly fieldFilter?: {
    readonly field: { readonly fieldPath: string };
    readonly op: string;
    readonly value: { readonly referenceValue?: string };
  };
}

export interface QueryRequest {
  readonly parent: string;
  readonly structuredQuery: {
    readonly from: readonly { readonly collectionId: string }[];
    readonly where?: Filter | null;
    readonly orderBy: readonly {
      readonly field: { readonly fieldPath: string };
      readonly direction: string;
    }[];
    readonly startAt?: {
      readonly values: readonly { readonly referenceValue?: string }[];
      readonly before: boolean;
    } | null;
    readonly limit?: { readonly value: number } | null;
  };
}

const NAME = '__name__';

/** Queries over the names of a collection's documents; any other is refused. */
export function runQuery(store: DocumentStore, { parent, structuredQuery }: QueryRequest) {
  const [from, ...others] = structuredQuery.from;
  const isByName = structuredQuery.orderBy.every(
    ({ field, direction }) => field.fieldPath === NAME && direction === 'ASCENDING',
  );
  if (!from || others.length > 0 || !isByName) {
    throw unsupported();
  }
  const { where, startAt, limit } = structuredQuery;
  const cursor = startAt?.values[0]?.referenceValue ?? '';
  return store
    .inCollection(`${parent}/${from.collectionId}`)
    .filter(({ name }) => (startAt?.before ? name >= cursor : name > cursor))
    .filter((document) => !where || matches(document, where))
    .slice(0, limit?.value);
}

function matches(document: StoredDocument, filter: Filter): boolean {
  if (filter.compositeFilter?.op === 'AND') {
    return filter.compositeFilter.filters.every((part) => matches(document, part));
  }
  const { field, op, value } = filter.fieldFilter ?? {};
  const bound = value?.referenceValue;
  if (field?.fieldPath !== NAME || bound === undefined) {
    throw unsupported();
  }
  switch (op) {
    case 'GREATER_THAN_OR_EQUAL':
      return document.name >= bound;
    case 'LESS_THAN':
      return document.name < bound;
    default:
      throw unsupported();
  }
}

function unsupported(): FirestoreRefusal {
  return new FirestoreRefusal(status.UNIMPLEMENTED, 'this server answers no such query');
}
