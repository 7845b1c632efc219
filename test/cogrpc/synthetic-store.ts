import { setTimeout as pause } from 'node:timers/promises';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import type { ObjectEntry, StoredObject } from '#object-store/port.ts';

const EXPIRY = new Date(Date.now() + 86_400_000);

/** A store with so many parcels in one mailbox that they are made when they are fetched. */
export class SyntheticMailboxStore extends InMemoryObjectStore {
  readonly #body: Uint8Array;
  readonly #keys: string[];
  readonly #fetchMs: number;
  fetches = 0;

  /** @param mailbox - prefix of the mailbox's keys */
  constructor(
    mailbox: string,
    parcels: { readonly count: number; readonly octets: number; readonly fetchMs: number },
  ) {
    super();
    this.#body = new Uint8Array(parcels.octets).fill(7);
    this.#fetchMs = parcels.fetchMs;
    const digits = String(parcels.count).length;
    this.#keys = Array.from(
      { length: parcels.count },
      (_, index) => `${mailbox}parcel/${String(index).padStart(digits, '0')}`,
    );
  }

  override async get(key: string): Promise<StoredObject | null> {
    this.fetches += 1;
    await pause(this.#fetchMs);
    const index = Number(key.slice(key.lastIndexOf('/') + 1));
    const body = this.#body.slice();
    new DataView(body.buffer).setUint32(0, index);
    return { body, generation: '1', expiresAt: EXPIRY };
  }

  override async *list(
    prefix: string,
    options: { startAfter?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<ObjectEntry, void, undefined> {
    for (const key of this.#keys) {
      options.signal?.throwIfAborted();
      if (key.startsWith(prefix) && key > (options.startAfter ?? '')) {
        yield {
          key,
          generation: '1',
          expiresAt: EXPIRY,
          sizeOctets: this.#body.length,
          storedAt: EXPIRY,
        };
      }
    }
  }
}
