import type { Bucket } from '@google-cloud/storage';
import type { ObjectEntry } from '../port.ts';
import { expiryOfListed } from './stored-expiry.ts';

const FIELDS = 'items(name,generation,customTime,timeCreated,size),nextPageToken';

interface PageQuery {
  readonly prefix: string;
  /** Lower bound of the keys; empty for the first page. */
  readonly startOffset: string;
  readonly pageToken: string | undefined;
  readonly maxResults: number;
}

/** One page of a listing. */
export interface ListedPage {
  readonly entries: readonly ObjectEntry[];
  readonly nextPageToken: string | undefined;
}

/** The fields requested by {@link FIELDS}. */
interface ListedObject {
  readonly name: string;
  readonly generation: string;
  readonly customTime?: string;
  readonly timeCreated: string;
  readonly size: string;
}

/** Requests one page. Stateless. */
export async function readPage(bucket: Bucket, query: PageQuery): Promise<ListedPage> {
  const { startOffset, pageToken, ...rest } = query;
  // Because of `fields`, the library returns plain objects of the response, not `File`s.
  const [objects, nextQuery] = (await bucket.getFiles({
    ...rest,
    ...(startOffset !== '' && { startOffset }),
    ...(pageToken !== undefined && { pageToken }),
    fields: FIELDS,
    autoPaginate: false,
  })) as unknown as [readonly ListedObject[], { readonly pageToken?: string } | null];
  return { entries: objects.map(asEntry), nextPageToken: nextQuery?.pageToken };
}

function asEntry({ name, generation, customTime, timeCreated, size }: ListedObject): ObjectEntry {
  const storedAt = new Date(timeCreated);
  const expiresAt = expiryOfListed(customTime, storedAt);
  return { key: name, generation, expiresAt, sizeOctets: Number(size), storedAt };
}
