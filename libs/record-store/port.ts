export type FieldValue = string | number | boolean | Date | Uint8Array | null;

/**
 * The fields of a record: flat, at most 64 KiB in all. Names are 1 to 64 of
 * `[A-Za-z0-9_]`, starting with a letter; numbers are finite, dates valid.
 */
export type RecordFields = Readonly<Record<string, FieldValue>>;

/**
 * A kind of record. The type parameter is what its records hold; `name` is where
 * they are kept (`[a-z-]`, at most 40 characters).
 */
export interface RecordKind<Fields extends RecordFields> {
  readonly name: string;
  /** Never set: carries the type of the fields. */
  readonly fields?: Fields;
}

export function recordKind<Fields extends RecordFields>(name: string): RecordKind<Fields> {
  return { name };
}

export interface StoredRecord<Fields> {
  readonly id: string;
  readonly fields: Fields;
  /** Changes whenever the record is written; opaque, compared for equality only. */
  readonly version: string;
  readonly expiresAt: Date | null;
}

/** What a process may need of a record store, besides reading. */
export type RecordNeed = 'write';

/**
 * Small typed records: identities, certificates, session keys, ledgers.
 *
 * Ids are 1 to 512 characters of `[A-Za-z0-9._:/-]`. Every method throws
 * `BackingUnavailableError` when the backend cannot answer within its deadline.
 * An expired record is absent for every method from the instant it expires. What
 * a write promised survives the death of the process and the loss of power.
 * Kinds, ids and fields that are not valid are refused with a `TypeError`.
 */
export interface RecordStore extends AsyncDisposable {
  /** Stores the record unless one is there; concurrent callers see exactly one `true`. */
  create<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options?: { expiresAt?: Date },
  ): Promise<boolean>;

  get<F extends RecordFields>(kind: RecordKind<F>, id: string): Promise<StoredRecord<F> | null>;

  /**
   * Writes the record whole; with `ifVersion`, only if that version is still stored.
   *
   * @returns whether the record was written
   */
  set<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options?: { expiresAt?: Date; ifVersion?: string },
  ): Promise<boolean>;

  /** @returns whether a record was deleted */
  delete<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    options?: { ifVersion?: string },
  ): Promise<boolean>;

  /**
   * Yields the records whose id starts with `idPrefix`, in ascending order of id, page by page.
   *
   * @param options.startAfter - yields only ids greater than this one
   * @param options.signal - ends the listing by throwing the signal's reason
   */
  list<F extends RecordFields>(
    kind: RecordKind<F>,
    idPrefix: string,
    options?: { startAfter?: string; signal?: AbortSignal },
  ): AsyncIterable<StoredRecord<F>>;

  /**
   * Removes what expired, where the backend does not do so by itself.
   *
   * @returns the number of records removed
   */
  sweep(): Promise<number>;

  /**
   * Resolves if the backend can be read now, and did lately what else is needed of it: at most ten minutes ago.
   *
   * @param needs - what the process may do, and does; nothing else is tried
   */
  check(needs?: readonly RecordNeed[]): Promise<void>;
}
