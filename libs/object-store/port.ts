/**
 * Path-like name of an object: segments of `[A-Za-z0-9._-]` (neither `.` nor
 * `..`) joined by `/`, at most 512 characters.
 */
export type ObjectKey = string;

/** Names one version of an object; opaque, compared for equality only. */
export type Generation = string;

export interface ObjectEntry {
  readonly key: ObjectKey;
  readonly generation: Generation;
  readonly expiresAt: Date;
  readonly sizeOctets: number;
  /** When this generation was stored, by the backend's clock; for figures, not for decisions. */
  readonly storedAt: Date;
}

export interface StoredObject {
  readonly body: Uint8Array;
  readonly generation: Generation;
  readonly expiresAt: Date;
}

/** How long one call may take. */
export interface CallPatience {
  /** In milliseconds, repetitions within the adapter included; the adapter's own deadline by default. */
  readonly deadlineMs?: number;
}

/** What a process may need of an object store, besides listing; `write` replaces objects, too. */
export type ObjectNeed = 'write' | 'read' | 'delete';

/** How something is to be stored. */
export interface StoringOptions extends CallPatience {
  /**
   * Whether the body comes out of an object that is removed next, so that a store that keeps
   * room for that may still take it; false by default.
   */
  readonly isMove?: boolean;
}

/**
 * Durable store for opaque objects, such as serialised parcels.
 *
 * Every method throws `BackingUnavailableError` when the backend cannot answer
 * within its deadline, which is the adapter's own (2 s for a service, whose client
 * waits for little longer) unless a call that nobody waits for so impatiently gives
 * another; an absent object is an ordinary result, never an error.
 * An object may still be found for a while after it expired: callers compare
 * `expiresAt` with their clock. Keys and prefixes that are not valid are refused
 * with a `TypeError`.
 */
export interface ObjectStore extends AsyncDisposable {
  /**
   * Stores `body`, replacing any previous object under `key`. Readers see the
   * old object or the new one, never a mix. Once this resolves, the object
   * survives the death of the process and the loss of power, and `body` is the
   * caller's again. Every generation under a key is new, even after a deletion.
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
   * Deletes the object; with `generation`, only if that is still the stored one.
   *
   * @returns whether an object was deleted
   */
  delete(key: ObjectKey, options?: { generation?: Generation } & CallPatience): Promise<boolean>;

  /**
   * Yields the objects whose key starts with `prefix`, in ascending order of key,
   * reading the backend page by page in bounded memory. Objects written or
   * deleted during the listing may or may not be among them.
   *
   * @param options.startAfter - yields only keys greater than this one
   * @param options.signal - ends the listing by throwing the signal's reason
   * @param options.deadlineMs - for each page
   */
  list(
    prefix: string,
    options?: { startAfter?: ObjectKey; signal?: AbortSignal } & CallPatience,
  ): AsyncIterable<ObjectEntry>;

  /**
   * Removes what expired before `now`, and what interrupted writes left behind,
   * where the backend does not do so by itself.
   *
   * @param onExpired - told the key of each expired object that is removed
   * @returns the number of expired objects removed
   */
  sweep(now: Date, onExpired?: (key: ObjectKey) => void): Promise<number>;

  /**
   * Resolves if the backend answers now, and did lately what is needed of it: at most ten minutes ago.
   *
   * @param needs - what the process may do, and does; nothing else is tried
   */
  check(needs?: readonly ObjectNeed[]): Promise<void>;
}
