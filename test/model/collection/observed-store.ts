import { BackingUnavailableError } from '#backing/errors.ts';
import { GATEWAY_BOUND_PREFIX, privateGatewayOf } from '#gateway/held/object-keys.ts';
import type { InMemoryObjectStore } from '#object-store/in-memory.ts';
import type {
  Generation,
  ObjectEntry,
  ObjectKey,
  ObjectStore,
  StoredObject,
} from '#object-store/port.ts';
import type { Fault, Faults } from './faults.ts';
import type { Ledger, StoredGeneration } from './ledger.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** Where the calls of all parties meet, and which of them will fail. */
export interface SharedStore {
  readonly objects: InMemoryObjectStore;
  readonly interleaver: { note(event: string): void };
  readonly ledger: Ledger;
  readonly faults: Faults;
  /** Whether a call is answered in the same turn in which it takes effect. */
  readonly isBrief: boolean;
}

interface ObservedStoreOptions {
  readonly onDeleted?: (deleted: StoredGeneration) => void;
  /** When whoever puts gives up, and until when its put may take effect. */
  readonly puts?: { readonly answeredByMs: number; readonly endMs: number };
}

const PAGE_SIZE = 2;

/**
 * The shared store as one party sees it. Each call takes a turn to take effect,
 * and another to be answered; effects go into the ledger as they happen.
 */
export class ObservedStore implements ObjectStore {
  readonly #shared: SharedStore;
  readonly #process: SimulatedProcess;
  readonly #options: ObservedStoreOptions;

  constructor(shared: SharedStore, process: SimulatedProcess, options: ObservedStoreOptions = {}) {
    this.#shared = shared;
    this.#process = process;
    this.#options = options;
  }

  async put(key: ObjectKey, body: Uint8Array, options: { expiresAt: Date }): Promise<Generation> {
    const what = `stores ${nameIn(body)}`;
    const put = () => this.#put(key, body, options);
    if (this.#shared.faults.take('later')) {
      void this.#process
        .arrives(`${what}, late`)
        .then(put)
        .catch(() => {});
      throw unavailable();
    }
    const generation = await this.#call(what, put);
    if (this.#process.clock.elapsedMs() >= (this.#options.puts?.answeredByMs ?? Infinity)) {
      throw unavailable();
    }
    return generation;
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
        this.#options.onDeleted?.(deleted);
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
    const { isBrief } = this.#shared;
    await this.#process.arrives(what);
    this.#failIf('before');
    const result = await effect(this.#shared);
    await this.#process.isAnswered(what, isBrief);
    if (!isBrief) {
      this.#failIf('after');
    }
    return result;
  }

  async #put(key: ObjectKey, body: Uint8Array, options: { expiresAt: Date }): Promise<Generation> {
    const { objects, ledger, interleaver } = this.#shared;
    if (this.#process.clock.elapsedMs() >= (this.#options.puts?.endMs ?? Infinity)) {
      interleaver.note('  which comes too late');
      throw unavailable();
    }
    const generation = await objects.put(key, body, options);
    const privateGateway = privateGatewayOf(key) ?? '';
    const expiresAtMs = options.expiresAt.getTime();
    ledger.stored({ generation, key, name: nameIn(body), privateGateway, expiresAtMs });
    return generation;
  }

  #failIf(moment: Fault): void {
    const { interleaver, faults } = this.#shared;
    if (faults.take(moment)) {
      interleaver.note('  which fails');
      throw unavailable();
    }
  }
}

function unavailable(): BackingUnavailableError {
  return new BackingUnavailableError('object-store', 'simulated');
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

function shown(key: string): string {
  return key.slice(GATEWAY_BOUND_PREFIX.length).replaceAll(/([0-9a-f]{4})[0-9a-f]{8,}/g, '$1…');
}
