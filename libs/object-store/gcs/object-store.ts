import { randomUUID } from 'node:crypto';
import { asUnavailable } from '#backing/calls.ts';
import { Proofs } from '#backing/proofs.ts';
import { type Clock, systemClock } from '#clock/clock.ts';
import { assertExpiry, assertKeyPrefix, assertObjectKey } from '../object-key.ts';
import type {
  CallPatience,
  Generation,
  ObjectEntry,
  ObjectKey,
  ObjectNeed,
  ObjectStore,
  StoredObject,
} from '../port.ts';
import { isObjectMissing, isUnmet } from './errors.ts';
import { type GcsOptions, PAGE_SIZE } from './options.ts';
import { type StorageCall, StorageCalls } from './storage-calls.ts';
import { download, type ListedPage, readPage, remove, upload } from './stored-objects.ts';

/** Writes cost most: US$ 0.005 a thousand, so 0.02 a month for an idle process. */
const WRITTEN_FOR_MS = 600_000;
/** Reads cost a twelfth of that, deletions nothing. */
const CHECKED_FOR_MS = 60_000;
/** In case deleting it fails. */
const CHECK_OBJECT_LIFE_MS = 86_400_000;

/** Generations are positive 64-bit integers; anything else matches no object. */
const GENERATION = /^[1-9][0-9]{0,18}$/;

/**
 * Keeps objects in a Cloud Storage bucket that {@link import('./bucket.ts').provisionBucket} set
 * up.
 *
 * An object's custom time is its expiry: the bucket's lifecycle deletes it within a day or so, and
 * {@link GcsObjectStore.sweep} does nothing. Each operation is one request, retried within its
 * deadline while the service asks for that or the connection fails. All are safe to retry: a
 * repeated put stores the same octets; a repeated deletion may return `false` for what its first
 * attempt deleted.
 */
export class GcsObjectStore implements ObjectStore {
  readonly #calls: StorageCalls;
  readonly #clock: Clock;
  readonly #pageSize: number;
  /** One per process, as an object takes one write a second. */
  readonly #checkKey = `check/${randomUUID()}`;
  readonly #proofs: Proofs<ObjectNeed>;

  constructor(options: GcsOptions) {
    this.#pageSize = options.pageSize ?? PAGE_SIZE;
    this.#calls = new StorageCalls(options);
    this.#clock = options.clock ?? systemClock;
    this.#proofs = new Proofs(this.#clock, {
      write: { probe: () => this.#writeAndDelete(), validMs: WRITTEN_FOR_MS },
      read: { probe: () => this.get(this.#checkKey), validMs: CHECKED_FOR_MS },
      delete: { probe: () => this.delete(this.#checkKey), validMs: CHECKED_FOR_MS },
    });
  }

  async put(
    key: ObjectKey,
    body: Uint8Array,
    { expiresAt, deadlineMs }: { expiresAt: Date } & CallPatience,
  ): Promise<Generation> {
    assertObjectKey(key);
    assertExpiry(expiresAt);
    const save: StorageCall<Generation> = (bucket, signal) =>
      upload(bucket, { key, body, expiresAt }, signal);
    return this.#proofs.shownBy('write', () => this.#run(save, notExpected, deadlineMs));
  }

  async get(key: ObjectKey, { deadlineMs }: CallPatience = {}): Promise<StoredObject | null> {
    assertObjectKey(key);
    return this.#proofs.shownBy('read', () =>
      this.#run(
        (bucket, signal) => download(bucket, key, signal),
        (error) => (isObjectMissing(error) ? null : undefined),
        deadlineMs,
      ),
    );
  }

  async delete(
    key: ObjectKey,
    options: { generation?: Generation } & CallPatience = {},
  ): Promise<boolean> {
    assertObjectKey(key);
    const { generation } = options;
    if (generation !== undefined && !GENERATION.test(generation)) {
      this.#calls.assertOpen();
      return false;
    }
    const removal = () =>
      this.#run(
        async (bucket, signal) => {
          await remove(bucket, { key, generation }, signal);
          return true;
        },
        (error) => (isObjectMissing(error) || isUnmet(error) ? false : undefined),
        options.deadlineMs,
      );
    return this.#proofs.shownBy('delete', removal);
  }

  async *list(
    prefix: string,
    options: { startAfter?: ObjectKey; signal?: AbortSignal } & CallPatience = {},
  ): AsyncGenerator<ObjectEntry> {
    assertKeyPrefix(prefix);
    const { startAfter = '', signal, deadlineMs } = options;
    let pageToken: string | undefined;
    do {
      signal?.throwIfAborted();
      const query = { prefix, startOffset: startAfter, pageToken, maxResults: this.#pageSize };
      const page: ListedPage = await this.#run(
        (bucket, signal) => readPage(bucket, query, signal),
        notExpected,
        deadlineMs,
      );
      for (const entry of page.entries) {
        signal?.throwIfAborted();
        if (entry.key > startAfter) {
          yield entry;
        }
      }
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
  }

  /** Does nothing: the bucket's lifecycle removes expired objects. */
  async sweep(_now: Date): Promise<number> {
    this.#calls.assertOpen();
    return 0;
  }

  /** Lists each time; tries other needs only if no real work has exercised them lately. */
  async check(needs: readonly ObjectNeed[] = []): Promise<void> {
    const query = { prefix: 'check/', startOffset: '', pageToken: undefined, maxResults: 1 };
    await this.#run((bucket, signal) => readPage(bucket, query, signal));
    await this.#proofs.check(needs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#calls[Symbol.dispose]();
  }

  async #writeAndDelete(): Promise<void> {
    const expiresAt = new Date(this.#clock.now().getTime() + CHECK_OBJECT_LIFE_MS);
    const generation = await this.put(this.#checkKey, Buffer.of(), { expiresAt });
    await this.delete(this.#checkKey, { generation });
  }

  /** @param expected - turns an expected error into a result, and gives undefined for a failure */
  async #run<T>(
    call: StorageCall<T>,
    expected: (error: unknown) => T | undefined = notExpected,
    deadlineMs?: number,
  ): Promise<T> {
    try {
      return await this.#calls.run(call, deadlineMs);
    } catch (error) {
      const result = expected(error);
      if (result === undefined) {
        throw asUnavailable('object-store', error);
      }
      return result;
    }
  }
}

/** Treats every error as a failure. */
function notExpected(): undefined {}
