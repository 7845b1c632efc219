/** A value that every adapter stores and returns unchanged. */
export type FieldValue = string | number | boolean | Date | Uint8Array | null;

/**
 * The fields of a record: flat, at most 64 KiB together. Names are 1 to 64 of `[A-Za-z0-9_]`,
 * starting with a letter; numbers are finite, dates valid.
 */
export type RecordFields = Readonly<Record<string, FieldValue>>;

/**
 * A kind of record: the type of its fields, and the `name` under which it is stored (`[a-z-]`, at
 * most 40 characters).
 */
export interface RecordKind<Fields extends RecordFields> {
  readonly name: string;
  /** Never set: carries the type of the fields. */
  readonly fields?: Fields;
}

/** Names a kind, and states the type of its fields. */
export function recordKind<Fields extends RecordFields>(name: string): RecordKind<Fields> {
  return { name };
}

/** A record as read. */
export interface StoredRecord<Fields> {
  readonly id: string;
  readonly fields: Fields;
  /** Changes with each write. Opaque: compare for equality only. */
  readonly version: string;
  readonly expiresAt: Date | null;
}

/** What a process does with a record store besides reading. */
export type RecordNeed = 'write';

/**
 * Small typed records: identities, certificates, session keys, accepted parcels.
 *
 * Ids are 1 to 512 characters of `[A-Za-z0-9._:/-]`. Every method throws `BackingUnavailableError`
 * if the backing service does not answer within its deadline. From the instant it expires, a record
 * is absent for every method. A write that resolved survives a crash or power cut. Invalid kinds,
 * ids and fields throw a `TypeError`.
 */
export interface RecordStore extends AsyncDisposable {
  /** Stores the record unless it exists. Of concurrent callers, exactly one gets `true`. */
  create<F extends RecordFields>(
    kind: RecordKind<F>,
    id: string,
    fields: F,
    options?: { expiresAt?: Date },
  ): Promise<boolean>;

  get<F extends RecordFields>(kind: RecordKind<F>, id: string): Promise<StoredRecord<F> | null>;

  /**
   * Writes the whole record; given `ifVersion`, only if that version is still stored.
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
   * @param options.startAfter - yields only greater ids
   * @param options.signal - aborts the listing, which throws the signal's reason
   */
  list<F extends RecordFields>(
    kind: RecordKind<F>,
    idPrefix: string,
    options?: { startAfter?: string; signal?: AbortSignal },
  ): AsyncIterable<StoredRecord<F>>;

  /**
   * Removes expired records, unless the backing service does so itself.
   *
   * @returns the number of records removed
   */
  sweep(): Promise<number>;

  /**
   * Resolves if the backing service can be read now, and has done what else is needed of it within
   * the last ten minutes.
   *
   * @param needs - what the process may do; nothing else is tried
   */
  check(needs?: readonly RecordNeed[]): Promise<void>;
}
