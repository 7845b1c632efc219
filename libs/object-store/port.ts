/**
 * Path-like name of an object: segments of `[A-Za-z0-9._-]` (neither `.` nor
 * `..`) joined by `/`, at most 512 characters.
 */
export type ObjectKey = string;

/** Names one version of an object. Opaque: compare for equality only. */
export type Generation = string;

/** An object as a listing gives it, without its body. */
export interface ObjectEntry {
  readonly key: ObjectKey;
  readonly generation: Generation;
  readonly expiresAt: Date;
  readonly sizeOctets: number;
  /**
   * When this generation was stored, by the backing service's clock; for metrics, not for
   * decisions.
   */
  readonly storedAt: Date;
}

/** An object as read. */
export interface StoredObject {
  readonly body: Uint8Array;
  readonly generation: Generation;
  readonly expiresAt: Date;
}

/** How long one call may take. */
export interface CallPatience {
  /** In milliseconds, including the adapter's retries; the adapter's own deadline by default. */
  readonly deadlineMs?: number;
}

/** What a process does with an object store besides listing. `write` includes replacing objects. */
export type ObjectNeed = 'write' | 'read' | 'delete';

/** Options of {@link ObjectStore.put}. */
export interface StoringOptions extends CallPatience {
  /**
   * Whether the caller deletes the object that the body came from next. A store may then use its
   * reserved space. @default false
   */
  readonly isMove?: boolean;
  /** Whom the object is held for or of, in at most 64 octets of ASCII; see {@link ObjectStore.holdings}. */
  readonly holder?: string;
}

/** How much room a store has. */
export interface StoreRoom {
  /** Octets of all objects, though perhaps not of those that were stored by earlier versions. */
  readonly storedOctets: number;
  /** What it still takes before {@link ObjectStore.put} throws `BackingFullError`; 0 at least. */
  readonly leftOctets: number;
}

/** How much is stored for one holder. */
export interface Holdings {
  readonly objects: number;
  readonly octets: number;
  /** Null where it is not known. */
  readonly room: StoreRoom | null;
}

/**
 * Durable store for opaque objects, such as serialised parcels.
 *
 * Every method throws `BackingUnavailableError` if the backing service does not answer within the
 * deadline: the adapter's (2 s in services, whose clients wait little longer) or the call's own. A
 * missing object is an ordinary result, never an error. An expired object may still be returned for
 * a while: callers compare `expiresAt` with their clock. Invalid keys and prefixes throw a
 * `TypeError`.
 */
export interface ObjectStore extends AsyncDisposable {
  /**
   * Stores `body`, replacing any object under `key`. Readers see the old object or the new one,
   * never a mix. Once this resolves, the object survives a crash or power cut, and the caller may
   * reuse `body`. Every generation under a key is new, even after a deletion.
   *
   * @throws {BackingFullError} if there is no room
   */
  put(
    key: ObjectKey,
    body: Uint8Array,
    options: { expiresAt: Date } & StoringOptions,
  ): Promise<Generation>;

  get(key: ObjectKey, options?: CallPatience): Promise<StoredObject | null>;

  /**
   * How much is stored for a holder, by every put that named it, at the cost of one read however much
   * that is. Missing where the backing service cannot tell.
   */
  holdings?(holder: string): Promise<Holdings>;

  /**
   * Deletes the object; given `generation`, only if that is still stored.
   *
   * @returns whether an object was deleted
   */
  delete(key: ObjectKey, options?: { generation?: Generation } & CallPatience): Promise<boolean>;

  /**
   * Yields the objects whose key starts with `prefix`, in ascending order of key, page by page in
   * bounded memory. Objects written or deleted during the listing may or may not be included.
   *
   * @param options.startAfter - yields only greater keys
   * @param options.signal - aborts the listing, which throws the signal's reason
   * @param options.deadlineMs - for each page
   */
  list(
    prefix: string,
    options?: { startAfter?: ObjectKey; signal?: AbortSignal } & CallPatience,
  ): AsyncIterable<ObjectEntry>;

  /**
   * Removes objects that expired before `now`, and leftovers of interrupted writes, unless the
   * backing service does so itself.
   *
   * @param onExpired - called with the key of each expired object removed
   * @returns the number of expired objects removed
   */
  sweep(now: Date, onExpired?: (key: ObjectKey) => void): Promise<number>;

  /**
   * Resolves if the backing service answers now and has done what is needed of it within the last
   * ten minutes.
   *
   * @param needs - what the process may do; nothing else is tried
   */
  check(needs?: readonly ObjectNeed[]): Promise<void>;
}
