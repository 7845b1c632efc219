import type { ObjectEntry } from '../port.ts';
import type { GcsRequest, GcsResponse } from './http-client.ts';

const FIELDS = 'items(name,generation,customTime,timeCreated,size),nextPageToken';

/** Age at which the bucket removes an object without a custom time, which none of ours is. */
const AGE_LIMIT_MS = 180 * 24 * 3_600_000;

export interface ListedPage {
  readonly entries: readonly ObjectEntry[];
  readonly nextPageToken: string | undefined;
}

interface ListedObject {
  readonly name: string;
  readonly generation: string;
  readonly customTime?: string;
  readonly timeCreated: string;
  readonly size: string;
}

export function listRequest(
  bucket: string,
  query: { prefix: string; startAfter: string; pageToken: string | undefined; pageSize: number },
): GcsRequest {
  const parameters = new URLSearchParams({
    prefix: query.prefix,
    maxResults: String(query.pageSize),
    fields: FIELDS,
  });
  if (query.startAfter !== '') {
    parameters.set('startOffset', query.startAfter);
  }
  if (query.pageToken !== undefined) {
    parameters.set('pageToken', query.pageToken);
  }
  return { method: 'GET', path: `/storage/v1/b/${bucket}/o?${parameters}` };
}

export function readPage({ body }: GcsResponse): ListedPage {
  const page = JSON.parse(body.toString()) as {
    readonly items?: readonly ListedObject[];
    readonly nextPageToken?: string;
  };
  return {
    entries: (page.items ?? []).map(asEntry),
    nextPageToken: page.nextPageToken || undefined,
  };
}

function asEntry({ name, generation, customTime, timeCreated, size }: ListedObject): ObjectEntry {
  const storedAt = new Date(timeCreated);
  const expiresAt = customTime ? new Date(customTime) : new Date(storedAt.getTime() + AGE_LIMIT_MS);
  return { key: name, generation, expiresAt, sizeOctets: Number(size), storedAt };
}
