import type { Bucket } from '@google-cloud/storage';
import { crc32cBase64 } from '#backing/crc32c.ts';
import type { Generation, ObjectEntry, ObjectKey, StoredObject } from '../port.ts';
import type { LibraryRequest, StorageAnswer, StorageRequest } from './transport.ts';

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
interface Page {
  readonly items?: readonly ListedObject[];
  readonly nextPageToken?: string;
}

interface ListedObject {
  readonly name: string;
  readonly generation: string;
  readonly customTime?: string;
  readonly timeCreated: string;
  readonly size: string;
}

/** Requests one page. Stateless. */
export async function readPage(
  bucket: Bucket,
  query: PageQuery,
  signal: AbortSignal,
): Promise<ListedPage> {
  const { prefix, maxResults, startOffset, pageToken } = query;
  const { body } = await request(bucket, {
    uri: '/o',
    qs: {
      prefix,
      maxResults,
      ...(startOffset !== '' && { startOffset }),
      ...(pageToken !== undefined && { pageToken }),
      fields: FIELDS,
    },
    signal,
  });
  const { items = [], nextPageToken } = body as Page;
  return { entries: items.flatMap(asEntries), nextPageToken };
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

/** Stores an object in one request. The service checks the octets before the object appears. */
export async function upload(
  bucket: Bucket,
  { key, body, expiresAt }: { key: ObjectKey; body: Uint8Array; expiresAt: Date },
  signal: AbortSignal,
): Promise<Generation> {
  const metadata = { ...expiryMetadata(expiresAt), crc32c: crc32cBase64(body) };
  const answer = await request(bucket, {
    method: 'POST',
    uri: `${bucket.storage.apiEndpoint}/upload/storage/v1/b/${bucket.name}/o`,
    qs: { uploadType: 'multipart', name: key },
    multipart: [
      { 'Content-Type': 'application/json', body: JSON.stringify(metadata) },
      { 'Content-Type': metadata.contentType, body },
    ],
    signal,
  });
  return String((answer.body as ListedObject).generation);
}

/** Reads an object in one request; its headers give checksum, generation and expiry. */
export async function download(
  bucket: Bucket,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<StoredObject> {
  const { headers, body } = await request(bucket, {
    uri: pathOf(key),
    qs: { alt: 'media' },
    headers: { 'Accept-Encoding': 'gzip', 'Cache-Control': 'no-store' },
    signal,
  });
  const octets = body as Uint8Array;
  if (checksumIn(headers['x-goog-hash']) !== crc32cBase64(octets)) {
    throw new Error('Cloud Storage returned an object whose checksum is another');
  }
  const { 'x-goog-generation': generation, 'content-type': contentType } = headers;
  const expiresAt = expiryOfDownload(String(contentType));
  if (typeof generation !== 'string' || expiresAt === null) {
    throw new Error('Cloud Storage returned an object without generation or expiry');
  }
  return { body: octets, generation, expiresAt };
}

/** Deletes an object, or one generation of it, in one request. */
export async function remove(
  bucket: Bucket,
  { key, generation }: { key: ObjectKey; generation: Generation | undefined },
  signal: AbortSignal,
): Promise<void> {
  // Named both ways: test servers only know the object's generation.
  const qs = generation === undefined ? {} : { generation, ifGenerationMatch: generation };
  await request(bucket, { method: 'DELETE', uri: pathOf(key), qs, signal });
}

function pathOf(key: ObjectKey): string {
  return `/o/${encodeURIComponent(key)}`;
}

/** The CRC32C in base64; the service names it beside other checksums. */
function checksumIn(header: string | string[] | undefined): string | undefined {
  return /\bcrc32c=([\w+/=]+)/.exec(String(header))?.[1];
}

/**
 * Makes one request by the library: it gives the URL and its headers, the transport what it passes
 * on. Its methods for single objects go through several streams, which cost more than the request.
 */
async function request(bucket: Bucket, options: StorageRequest): Promise<StorageAnswer> {
  const [, answer] = await bucket.request(options as unknown as LibraryRequest);
  return answer as unknown as StorageAnswer;
}
