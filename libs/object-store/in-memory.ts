import { BackingUnavailableError } from '#backing/errors.ts';
import { type Clock, delay, systemClock } from '#clock/clock.ts';
import { assertExpiry, assertKeyPrefix, assertObjectKey } from './object-key.ts';
import type {
  CallPatience,
  Generation,
  ObjectEntry,
  ObjectKey,
  ObjectStore,
  StoredObject,
  StoreRoom,
  StoringOptions,
} from './port.ts';
import { SortedKeys } from './sorted-keys.ts';

/** A call to {@link InMemoryObjectStore}, as its hooks see it. */
export interface ObjectStoreCall {
  /** `list` is called once per page. */
  readonly method: 'put' | 'get' | 'delete' | 'list' | 'sweep' | 'check';
  /** The key; the prefix for `list`; empty for `sweep` and `check`. */
  readonly key: string;
  /** As given by the caller. */
  readonly deadlineMs?: number | undefined;
}

/** Hooks and settings of {@link InMemoryObjectStore}, all optional. */
export interface InMemoryObjectStoreOptions {
  /**
   * Awaited before a call takes effect; may delay it, or throw as a failing backing service would.
   */
  readonly before?: (call: ObjectStoreCall) => Promise<void> | void;
  /**
   * Awaited after a call takes effect and before it resolves; may delay it, or throw as if the
   * response was lost.
   */
  readonly after?: (call: ObjectStoreCall) => Promise<void> | void;
  /** Objects listed per page; 1 000 by default. */
  readonly pageSize?: number;
  /** Dates objects as they are stored. */
  readonly clock?: Clock;
  /** If given, the store tells its holdings, and that it has this room besides what is stored. */
  readonly room?: Pick<StoreRoom, 'leftOctets'>;
}

/**
 * A hook for {@link InMemoryObjectStoreOptions.before} that delays calls to `methods` by `delayMs`.
 */
export function delayingCalls(
  clock: Clock,
  delayMs: number,
  methods: readonly ObjectStoreCall['method'][],
): (call: ObjectStoreCall) => Promise<void> | void {
  return ({ method }) => (methods.includes(method) ? delay(clock, delayMs) : undefined);
}

interface HeldObject {
  readonly body: Uint8Array;
  readonly generation: Generation;
  readonly expiresAtMs: number;
  readonly storedAt: Date;
  readonly holder: string | undefined;
}

/** An object store in memory, for tests and benchmarks. */
export class InMemoryObjectStore implements ObjectStore {
  readonly #options: InMemoryObjectStoreOptions;
  readonly #clock: Clock;
  readonly #objects = new Map<ObjectKey, HeldObject>();
  readonly #keys = new SortedKeys();
  #generations = 0;
  #closed = false;
  readonly holdings?: Required<ObjectStore>['holdings'];

  constructor(options: InMemoryObjectStoreOptions = {}) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const { room } = options;
    if (room) {
      this.holdings = async (holder) => {
        const held = [...this.#objects.values()];
        const own = held.filter((object) => object.holder === holder);
        const storedOctets = octetsOf(held);
        const leftOctets = Math.max(0, room.leftOctets - storedOctets);
        return {
          objects: own.length,
          octets: octetsOf(own),
          room: { ...room, leftOctets, storedOctets },
        };
      };
    }
  }

  async put(
    key: ObjectKey,
    body: Uint8Array,
    options: { expiresAt: Date } & StoringOptions,
  ): Promise<Generation> {
    assertObjectKey(key);
    assertExpiry(options.expiresAt);
    const expiresAtMs = options.expiresAt.getTime();
    const { deadlineMs, holder } = options;
    return this.#call({ method: 'put', key, deadlineMs }, () => {
      const generation = String(++this.#generations);
      const storedAt = this.#clock.now();
      if (!this.#objects.has(key)) {
        this.#keys.add(key);
      }
      const copy = Uint8Array.from(body);
      this.#objects.set(key, { body: copy, generation, expiresAtMs, storedAt, holder });
      return generation;
    });
  }

  async get(key: ObjectKey, { deadlineMs }: CallPatience = {}): Promise<StoredObject | null> {
    assertObjectKey(key);
    return this.#call({ method: 'get', key, deadlineMs }, () => {
      const held = this.#objects.get(key);
      if (!held) {
        return null;
      }
      const { body, generation, expiresAtMs } = held;
      return { body: Uint8Array.from(body), generation, expiresAt: new Date(expiresAtMs) };
    });
  }

  async delete(
    key: ObjectKey,
    options: { generation?: Generation } & CallPatience = {},
  ): Promise<boolean> {
    assertObjectKey(key);
    const { deadlineMs } = options;
    return this.#call({ method: 'delete', key, deadlineMs }, () => {
      const held = this.#objects.get(key);
      if (!held || (options.generation ?? held.generation) !== held.generation) {
        return false;
      }
      this.#objects.delete(key);
      this.#keys.delete(key);
      return true;
    });
  }

  async *list(
    prefix: string,
    options: { startAfter?: ObjectKey; signal?: AbortSignal } & CallPatience = {},
  ): AsyncGenerator<ObjectEntry, void, undefined> {
    assertKeyPrefix(prefix);
    const { deadlineMs } = options;
    const pageSize = this.#options.pageSize ?? 1_000;
    let after = options.startAfter ?? '';
    for (;;) {
      options.signal?.throwIfAborted();
      const page = await this.#call({ method: 'list', key: prefix, deadlineMs }, () =>
        this.#entries(this.#keys.page(prefix, after, pageSize)),
      );
      for (const entry of page) {
        options.signal?.throwIfAborted();
        yield entry;
        after = entry.key;
      }
      if (page.length < pageSize) {
        return;
      }
    }
  }

  async sweep(now: Date, onExpired: (key: ObjectKey) => void = () => {}): Promise<number> {
    return this.#call({ method: 'sweep', key: '' }, () => {
      const sizeBefore = this.#objects.size;
      for (const [key, { expiresAtMs }] of this.#objects) {
        if (expiresAtMs < now.getTime()) {
          this.#objects.delete(key);
          this.#keys.delete(key);
          onExpired(key);
        }
      }
      return sizeBefore - this.#objects.size;
    });
  }

  async check(): Promise<void> {
    await this.#call({ method: 'check', key: '' }, () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }

  async #call<Result>(call: ObjectStoreCall, effect: () => Result): Promise<Result> {
    await this.#options.before?.(call);
    if (this.#closed) {
      throw new BackingUnavailableError('object-store', 'closed');
    }
    const result = effect();
    await this.#options.after?.(call);
    return result;
  }

  #entries(keys: readonly ObjectKey[]): ObjectEntry[] {
    return keys.flatMap((key) => {
      const held = this.#objects.get(key);
      return held
        ? {
            key,
            generation: held.generation,
            expiresAt: new Date(held.expiresAtMs),
            sizeOctets: held.body.length,
            storedAt: held.storedAt,
          }
        : [];
    });
  }
}

function octetsOf(objects: readonly HeldObject[]): number {
  return objects.reduce((octets, { body }) => octets + body.length, 0);
}
