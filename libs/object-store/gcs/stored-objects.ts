import type { Readable } from 'node:stream';
import type { Bucket, File } from '@google-cloud/storage';
import type { ObjectEntry, StoredObject } from '../port.ts';

const CONTENT_TYPE = /^application\/octet-stream; expires-at=(-?\d{1,16})$/;

/**
 * Metadata that hold an object's expiry: the custom time, for the bucket's lifecycle and for
 * listings, and the content type, as the only one of the two that a download returns.
 */
export function expiryMetadata(expiresAt: Date) {
  return {
    customTime: expiresAt.toISOString(),
    contentType: `application/octet-stream; expires-at=${expiresAt.getTime()}`,
  };
}

/**
 * Reads the expiry from a downloaded object's content type.
 *
 * @returns null for an object that this store did not write
 */
function expiryOfDownload(contentType: string | undefined): Date | null {
  const [, milliseconds] = CONTENT_TYPE.exec(contentType ?? '') ?? [];
  return milliseconds === undefined ? null : new Date(Number(milliseconds));
}

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
  return { entries: objects.flatMap(asEntries), nextPageToken: nextQuery?.pageToken };
}

/** None for an object without a custom time: the store did not write it. */
function asEntries({
  name,
  generation,
  customTime,
  timeCreated,
  size,
}: ListedObject): ObjectEntry[] {
  if (customTime === undefined) {
    return [];
  }
  const expiresAt = new Date(customTime);
  const storedAt = new Date(timeCreated);
  return [{ key: name, generation, expiresAt, sizeOctets: Number(size), storedAt }];
}

const MOST_LISTENERS = 20;

/** A response as the library gives it: a stream of the body, with headers. */
interface DownloadResponse extends Readable {
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/**
 * Reads an object in one request; its headers give generation and expiry. The library checks the
 * body's CRC32C.
 */
export async function download(file: File): Promise<StoredObject> {
  const stream = file.createReadStream({ decompress: false, validation: 'crc32c' });
  let response: DownloadResponse | undefined;
  stream.once('response', (arrived: DownloadResponse) => {
    response = arrived;
    // The library pipes through more layers than Node's leak warning allows for.
    arrived.setMaxListeners(MOST_LISTENERS);
  });
  const parts: Buffer[] = [];
  for await (const part of stream) {
    parts.push(part);
  }
  const generation = response?.headers['x-goog-generation'];
  const expiresAt = expiryOfDownload(response?.headers['content-type']);
  if (generation === undefined || expiresAt === null) {
    throw new Error('Cloud Storage returned an object without generation or expiry');
  }
  const body = parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
  return { body, generation, expiresAt };
}
