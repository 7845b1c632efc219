import { crc32cBase64 } from '#backing/crc32c.ts';
import { withDeadline } from '#backing/deadline.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { repeat } from '#backing/repeat.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { assertExpiry, assertKeyPrefix, assertObjectKey } from '../object-key.ts';
import type { Generation, ObjectEntry, ObjectKey, ObjectStore, StoredObject } from '../port.ts';
import { GcsStatusError, isTransient } from './errors.ts';
import { GcsHttpClient, type GcsRequest, type GcsResponse } from './http-client.ts';
import { type ListedPage, listRequest, readPage } from './listing.ts';
import { DEFAULT_ENDPOINT, type GcsOptions } from './options.ts';
import { EXPIRY_METADATA, uploadRequest } from './upload.ts';

/** Generations are positive 64-bit integers; anything else names none. */
const GENERATION = /^[1-9][0-9]{0,18}$/;

/**
 * Objects in a Cloud Storage bucket ({@link import('./bucket.ts').provisionBucket}).
 *
 * The custom time of an object is its expiry: the bucket's lifecycle removes it within
 * a day or so of it, and nothing else does ({@link GcsObjectStore.sweep} has nothing to do). Each
 * operation is one request, repeated within its deadline while the service asks for that or the
 * connection fails. That is safe for each: a put that is made twice stores the same octets again, and
 * a deletion that is made twice may only report `false` for what it deleted itself.
 */
export class GcsObjectStore implements ObjectStore {
  readonly #client: GcsHttpClient;
  readonly #bucket: string;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #pageSize: number;
  #closed = false;

  constructor(options: GcsOptions) {
    this.#bucket = encodeURIComponent(options.bucket);
    this.#clock = options.clock ?? systemClock;
    this.#deadlineMs = options.deadlineMs ?? 2_000;
    this.#pageSize = options.pageSize ?? 1_000;
    this.#client = new GcsHttpClient(
      options.apiEndpoint ?? DEFAULT_ENDPOINT,
      options.maxConnections ?? 64,
    );
  }

  async put(
    key: ObjectKey,
    body: Uint8Array,
    { expiresAt }: { expiresAt: Date },
  ): Promise<Generation> {
    assertObjectKey(key);
    assertExpiry(expiresAt);
    const request = uploadRequest(this.#bucket, key, { body, expiresAt });
    return this.#call(request, ({ body: answer }) => {
      const { generation } = JSON.parse(answer.toString()) as { generation: string };
      return generation;
    });
  }

  async get(key: ObjectKey): Promise<StoredObject | null> {
    assertObjectKey(key);
    // The XML API: its downloads carry the custom metadata, those of the JSON API do not.
    const path = `/${this.#bucket}/${key}`;
    return this.#call({ method: 'GET', path }, readObject, absentObject);
  }

  async delete(key: ObjectKey, options: { generation?: Generation } = {}): Promise<boolean> {
    assertObjectKey(key);
    const { generation } = options;
    if (generation !== undefined && !GENERATION.test(generation)) {
      this.#assertOpen();
      return false;
    }
    const path = `/storage/v1/b/${this.#bucket}/o/${encodeURIComponent(key)}`;
    const condition = generation ? `?generation=${generation}&ifGenerationMatch=${generation}` : '';
    return this.#call(
      { method: 'DELETE', path: `${path}${condition}` },
      () => true,
      (response) =>
        response.status === 412 || absentObject(response) === null ? false : undefined,
    );
  }

  async *list(
    prefix: string,
    options: { startAfter?: ObjectKey; signal?: AbortSignal } = {},
  ): AsyncGenerator<ObjectEntry> {
    assertKeyPrefix(prefix);
    const { startAfter = '', signal } = options;
    let pageToken: string | undefined;
    do {
      signal?.throwIfAborted();
      const query = { prefix, startAfter, pageToken, pageSize: this.#pageSize };
      const page: ListedPage = await this.#call(listRequest(this.#bucket, query), readPage);
      for (const entry of page.entries) {
        signal?.throwIfAborted();
        if (entry.key > startAfter) {
          yield entry;
        }
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
  }

  /** Nothing to do: the bucket's lifecycle removes what expired. */
  async sweep(_now: Date): Promise<number> {
    this.#assertOpen();
    return 0;
  }

  async check(): Promise<void> {
    const query = { prefix: 'check/', startAfter: '', pageToken: undefined, pageSize: 1 };
    await this.#call(listRequest(this.#bucket, query), readPage);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#client[Symbol.dispose]();
  }

  #assertOpen(): void {
    if (this.#closed) {
      throw new BackingUnavailableError('object-store', 'closed');
    }
  }

  /**
   * @param read - takes the result from an answer of success
   * @param expected - takes it from another answer, or gives undefined if that is a failure
   */
  async #call<T>(
    request: GcsRequest,
    read: (response: GcsResponse) => T,
    expected: (response: GcsResponse) => T | undefined = () => undefined,
  ): Promise<T> {
    this.#assertOpen();
    const clock = this.#clock;
    const attempt = async (signal: AbortSignal) => {
      const response = await this.#client.send(request, signal);
      const result =
        response.status === 200 || response.status === 204 ? read(response) : expected(response);
      if (result === undefined) {
        throw new GcsStatusError(response.status, response.body);
      }
      return result;
    };
    try {
      return await withDeadline(
        { clock, backing: 'object-store', deadlineMs: this.#deadlineMs },
        (signal) => repeat({ clock, signal, isTransient }, () => attempt(signal)),
      );
    } catch (cause) {
      throw asUnavailable(cause);
    }
  }
}

function readObject({ headers, body }: GcsResponse): StoredObject {
  const generation = String(headers['x-goog-generation'] ?? '');
  const expiresAt = new Date(String(headers[`x-goog-meta-${EXPIRY_METADATA}`] ?? ''));
  if (!GENERATION.test(generation) || Number.isNaN(expiresAt.getTime())) {
    throw new Error('Cloud Storage gave an object without its generation and expiry');
  }
  const stated = /(?:^|[ ,])crc32c=([^,]+)/.exec(String(headers['x-goog-hash'] ?? ''))?.[1];
  if (stated !== undefined && stated !== crc32cBase64(body)) {
    throw new Error('the octets that arrived are not those that Cloud Storage holds');
  }
  return { body, generation, expiresAt };
}

/** Null for an object that is not there; a bucket that is not there is a failure. */
function absentObject({ status, body }: GcsResponse): null | undefined {
  return status === 404 && !/NoSuchBucket|bucket does not exist/i.test(body.toString())
    ? null
    : undefined;
}

function asUnavailable(cause: unknown): BackingUnavailableError {
  if (cause instanceof BackingUnavailableError) {
    return cause;
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new BackingUnavailableError('object-store', message, { cause });
}
