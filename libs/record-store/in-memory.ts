import { BackingUnavailableError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import type { RecordFields, RecordKind, RecordStore, StoredRecord } from './port.ts';
import { assertExpiry, assertFields, assertListing, assertRecordId } from './record-rules.ts';

/** A call to {@link InMemoryRecordStore}, as its hooks see it. */
export interface RecordStoreCall {
  /** `list` is called once per listing. */
  readonly method: 'create' | 'get' | 'set' | 'delete' | 'list' | 'sweep' | 'check';
  /** Name of the kind; empty for `sweep` and `check`. */
  readonly kind: string;
  /** The id; the prefix for `list`; empty for `sweep` and `check`. */
  readonly id: string;
}

interface InMemoryRecordStoreOptions {
  readonly clock: Clock;
  /**
   * Awaited before a call takes effect; may delay it, or throw as a failing backing service would.
   */
  readonly before?: (call: RecordStoreCall) => Promise<void> | void;
  /**
   * Awaited after a call takes effect and before it resolves; may delay it, or throw as if the
   * response was lost.
   */
  readonly after?: (call: RecordStoreCall) => Promise<void> | void;
}

interface HeldRecord {
  readonly fields: RecordFields;
  readonly version: string;
  readonly expiresAtMs: number | null;
}

/** A record store in memory, for tests and benchmarks. */
export class InMemoryRecordStore implements RecordStore {
  readonly #options: InMemoryRecordStoreOptions;
  readonly #kinds = new Map<string, Map<string, HeldRecord>>();
  #versions = 0;
  #closed = false;

  constructor(options: InMemoryRecordStoreOptions) {
    this.#options = options;
  }

  async create<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options: { expiresAt?: Date } = {},
  ): Promise<boolean> {
    const held = this.#toHold(kind.name, id, fields, options.expiresAt);
    return this.#call({ method: 'create', kind: kind.name, id }, () => {
      const absent = !this.#live(kind.name, id);
      if (absent) {
        this.#records(kind.name).set(id, held);
      }
      return absent;
    });
  }

  async get<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
  ): Promise<StoredRecord<F> | null> {
    assertRecordId(kind.name, id);
    return this.#call({ method: 'get', kind: kind.name, id }, () => {
      const held = this.#live(kind.name, id);
      return held ? shown<F>(id, held) : null;
    });
  }

  async set<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options: { expiresAt?: Date; ifVersion?: string } = {},
  ): Promise<boolean> {
    const held = this.#toHold(kind.name, id, fields, options.expiresAt);
    return this.#call({ method: 'set', kind: kind.name, id }, () => {
      const matches = this.#matches(kind.name, id, options.ifVersion);
      if (matches) {
        this.#records(kind.name).set(id, held);
      }
      return matches;
    });
  }

  async delete<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    options: { ifVersion?: string } = {},
  ): Promise<boolean> {
    assertRecordId(kind.name, id);
    return this.#call(
      { method: 'delete', kind: kind.name, id },
      () =>
        this.#live(kind.name, id) !== undefined &&
        this.#matches(kind.name, id, options.ifVersion) &&
        this.#records(kind.name).delete(id),
    );
  }

  async *list<F extends RecordFields>(
    kind: RecordKind<F>,
    idPrefix: string,
    options: { startAfter?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<StoredRecord<F>, void, undefined> {
    const { startAfter = '' } = options;
    assertListing(kind.name, idPrefix, options.startAfter);
    options.signal?.throwIfAborted();
    const ids = await this.#call({ method: 'list', kind: kind.name, id: idPrefix }, () =>
      [...this.#records(kind.name).keys()]
        .filter((id) => id.startsWith(idPrefix) && id > startAfter)
        .sort(),
    );
    for (const id of ids) {
      options.signal?.throwIfAborted();
      const held = this.#live(kind.name, id);
      if (held) {
        yield shown<F>(id, held);
      }
    }
  }

  async sweep(): Promise<number> {
    return this.#call({ method: 'sweep', kind: '', id: '' }, () => {
      let removed = 0;
      for (const [kind, records] of this.#kinds) {
        for (const id of records.keys()) {
          if (!this.#live(kind, id)) {
            records.delete(id);
            removed += 1;
          }
        }
      }
      return removed;
    });
  }

  async check(): Promise<void> {
    await this.#call({ method: 'check', kind: '', id: '' }, () => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
  }

  async #call<Result>(call: RecordStoreCall, effect: () => Result): Promise<Result> {
    await this.#options.before?.(call);
    if (this.#closed) {
      throw new BackingUnavailableError('record-store', 'closed');
    }
    const result = effect();
    await this.#options.after?.(call);
    return result;
  }

  #toHold(kind: string, id: string, fields: RecordFields, expiresAt?: Date): HeldRecord {
    assertRecordId(kind, id);
    assertFields(fields);
    assertExpiry(expiresAt);
    return {
      fields: copyOf(fields),
      version: String(++this.#versions),
      expiresAtMs: expiresAt?.getTime() ?? null,
    };
  }

  #records(kind: string): Map<string, HeldRecord> {
    return this.#kinds.getOrInsertComputed(kind, () => new Map());
  }

  #live(kind: string, id: string): HeldRecord | undefined {
    const held = this.#records(kind).get(id);
    const expiresAtMs = held?.expiresAtMs ?? Number.POSITIVE_INFINITY;
    return expiresAtMs > this.#options.clock.now().getTime() ? held : undefined;
  }

  #matches(kind: string, id: string, version: string | undefined): boolean {
    return version === undefined || this.#live(kind, id)?.version === version;
  }
}

function shown<F extends RecordFields>(id: string, held: HeldRecord): StoredRecord<F> {
  return {
    id,
    // The caller names the kind, and so vouches for the type of its fields.
    fields: copyOf(held.fields) as F,
    version: held.version,
    expiresAt: held.expiresAtMs === null ? null : new Date(held.expiresAtMs),
  };
}

function copyOf(fields: RecordFields): RecordFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      if (value instanceof Date) {
        return [name, new Date(value)];
      }
      return [name, value instanceof Uint8Array ? Uint8Array.from(value) : value];
    }),
  );
}
