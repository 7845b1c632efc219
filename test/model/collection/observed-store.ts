import type { NodeId } from '#awala/node-id.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { GATEWAY_BOUND_PREFIX } from '#gateway/held/object-keys.ts';
import type { InMemoryObjectStore } from '#object-store/in-memory.ts';
import type {
  Generation,
  ObjectEntry,
  ObjectKey,
  ObjectStore,
  StoredObject,
} from '#object-store/port.ts';
import type { Fault, Faults } from './faults.ts';
import type { Interleaver } from './interleaver.ts';
import type { Ledger, StoredGeneration } from './ledger.ts';

/** Where the calls of all parties meet, and which of them will fail. */
export interface SharedStore {
  readonly objects: InMemoryObjectStore;
  readonly interleaver: Interleaver;
  readonly ledger: Ledger;
  readonly faults: Faults;
  /** Whether a call is answered in the same turn in which it takes effect. */
  readonly isBrief: boolean;
}

const PAGE_SIZE = 2;

/**
 * The shared store as one party sees it. Each call takes a turn to take effect,
 * and another to be answered; effects go into the ledger as they happen.
 */
export class ObservedStore implements ObjectStore {
  readonly #shared: SharedStore;
  readonly #party: string;
  readonly #onDeleted: (deleted: StoredGeneration) => void;

  constructor(
    shared: SharedStore,
    party: string,
    onDeleted: (deleted: StoredGeneration) => void = () => {},
  ) {
    this.#shared = shared;
    this.#party = party;
    this.#onDeleted = onDeleted;
  }

  put(key: ObjectKey, body: Uint8Array, options: { expiresAt: Date }): Promise<Generation> {
    const name = nameIn(body);
    return this.#call(`stores ${name}`, async ({ objects, ledger }) => {
      const generation = await objects.put(key, body, options);
      const privateGateway = privateGatewayOf(key);
      const expiresAtMs = options.expiresAt.getTime();
      ledger.stored({ generation, key, name, privateGateway, expiresAtMs });
      return generation;
    });
  }

  get(key: ObjectKey): Promise<StoredObject | null> {
    return this.#call(`fetches ${shown(key)}`, ({ objects }) => objects.get(key));
  }

  delete(key: ObjectKey, options?: { generation?: Generation }): Promise<boolean> {
    const generation = options?.generation ?? 'any';
    return this.#call(`deletes ${shown(key)}, generation ${generation}`, async (shared) => {
      const isDeleted = await shared.objects.delete(key, options);
      const deleted = isDeleted && shared.ledger.deleted(key);
      if (deleted) {
        this.#onDeleted(deleted);
      }
      return isDeleted;
    });
  }

  async *list(
    prefix: string,
    options: { startAfter?: ObjectKey; signal?: AbortSignal } = {},
  ): AsyncGenerator<ObjectEntry, void, undefined> {
    let startAfter = options.startAfter ?? '';
    for (;;) {
      const page = await this.#call(`lists ${shown(prefix)}`, ({ objects }) =>
        Array.fromAsync(takeFirst(PAGE_SIZE, objects.list(prefix, { startAfter }))),
      );
      for (const entry of page) {
        options.signal?.throwIfAborted();
        yield entry;
        startAfter = entry.key;
      }
      if (page.length < PAGE_SIZE) {
        return;
      }
    }
  }

  sweep(now: Date): Promise<number> {
    return this.#shared.objects.sweep(now);
  }

  async check(): Promise<void> {}

  async [Symbol.asyncDispose](): Promise<void> {}

  async #call<Result>(
    what: string,
    effect: (shared: SharedStore) => Promise<Result>,
  ): Promise<Result> {
    await this.#turn(what, 'before');
    const result = await effect(this.#shared);
    if (!this.#shared.isBrief) {
      await this.#turn(`is answered: ${what}`, 'after');
    }
    return result;
  }

  async #turn(what: string, moment: Fault): Promise<void> {
    const { interleaver, faults } = this.#shared;
    await interleaver.turn(`${this.#party} ${what}`);
    if (faults.take(moment)) {
      interleaver.note('  which fails');
      throw new BackingUnavailableError('object-store', 'simulated');
    }
  }
}

async function* takeFirst<Item>(count: number, items: AsyncIterable<Item>): AsyncGenerator<Item> {
  let taken = 0;
  for await (const item of items) {
    yield item;
    taken += 1;
    if (taken === count) {
      return;
    }
  }
}

/** A body starts with the name of its generation, then a space. */
function nameIn(body: Uint8Array): string {
  return Buffer.from(body).toString('latin1').split(' ', 1)[0] ?? '';
}

function privateGatewayOf(key: ObjectKey): NodeId {
  return key.slice(GATEWAY_BOUND_PREFIX.length).split('/', 1)[0] ?? '';
}

function shown(key: string): string {
  return key.slice(GATEWAY_BOUND_PREFIX.length).replaceAll(/([0-9a-f]{4})[0-9a-f]{8,}/g, '$1…');
}
