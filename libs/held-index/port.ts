/**
 * Names one announcement of an object: a later one of the same name has another. Opaque: compare
 * for equality only.
 */
export type Token = string;

/**
 * One of the sixteen parts of the index, a hexadecimal digit. A mailbox belongs to the part of the
 * second character of its id.
 */
export type Part = string;

/** All parts, in ascending order. */
export const PARTS: readonly Part[] = [...'0123456789abcdef'];

/** The part that a mailbox belongs to. */
export function partOf(mailbox: string): Part {
  return mailbox.charAt(1);
}

/**
 * The longest time, in milliseconds, from the announcement of an object until its put has taken
 * effect or never will: far longer than any caller waits, as a request may linger on its way.
 */
export const LONGEST_PUT_MS = 600_000;

/**
 * The longest time, in milliseconds, from the announcement of an object until whoever made it has
 * the answer to the put, or gave up: what is stored later was not accepted.
 */
export const LONGEST_ACCEPTING_MS = 10_000;

/** Entries that a read returns at most; a mailbox with more must be listed. */
export const MAX_READ_ENTRIES = 5_000;

/** What became of an announcement by the time that the caller may go on. */
export interface Announcement {
  /**
   * Null if nobody may remove the entry before it is settled: it is not written, or another put of
   * that name may be under way.
   */
  readonly token: Token | null;
  /** Whether there may be no entry: the part is then incomplete until the next census. */
  readonly isMissing: boolean;
  /**
   * What the mailbox's entries add up to, this one included; null if that is not known yet, or the entry
   * could not be written. Too little while the part is incomplete; too much where objects are gone, or
   * were never stored, until a census removes their entries.
   */
  readonly held: HeldAmount | null;
  /**
   * Set while the entry is not written yet: resolves with what became of it, never rejects. Whoever
   * read the mailbox meanwhile does not know of the object, and must be told once it is written.
   */
  readonly late: Promise<Announcement> | null;
}

/** An object that is held in a mailbox, or about to be. */
export interface IndexedObject {
  /** Unique in its mailbox; 1 to 255 characters of ASCII. */
  readonly name: string;
  /** At most 2^24 − 1. */
  readonly sizeOctets: number;
  /** May be kept as up to 256 s later. */
  readonly expiresAt: Date;
}

/** What the index knows of an object. The object may be gone, or not be stored yet. */
export interface IndexEntry extends IndexedObject {
  readonly token: Token;
  /** By the index's clock; to the second, rounded down. */
  readonly addedAt: Date;
  /**
   * Whether the put that the entry announced had ended when the entry was read, as it was added
   * {@link LONGEST_PUT_MS} before.
   */
  readonly isSettled: boolean;
}

/** How much is held in some mailboxes. */
export interface HeldAmount {
  readonly objects: number;
  readonly octets: number;
}

/** What is held in some mailboxes. */
export interface HeldTotals extends HeldAmount {
  /** When the oldest of them was stored; null if there is none. */
  readonly oldestAt: Date | null;
}

/** What is held where nothing is. */
export const NOTHING_HELD: HeldTotals = { objects: 0, octets: 0, oldestAt: null };

/** Adds up what is held. */
export function plus(one: HeldTotals, other: HeldTotals): HeldTotals {
  return {
    objects: one.objects + other.objects,
    octets: one.octets + other.octets,
    oldestAt: older(one.oldestAt, other.oldestAt),
  };
}

/**
 * The totals of all parts.
 *
 * @returns null if one is not known
 */
export function sumOf(parts: readonly (HeldTotals | null)[]): HeldTotals | null {
  return parts.reduce(
    (sum, part) => (sum && part ? plus(sum, part) : null),
    NOTHING_HELD as HeldTotals | null,
  );
}

function older(one: Date | null, other: Date | null): Date | null {
  if (!one || !other) {
    return one ?? other;
  }
  return one < other ? one : other;
}

/** Which part to count, and for how long nobody else may. */
export interface ClaimOptions {
  /** How long a part that was counted is left alone. */
  readonly intervalMs: number;
  /** How long it is complete at most, unless it is counted again: several intervals. */
  readonly completeMs: number;
  /** The claim ends by itself so long after it was made or renewed. */
  readonly leaseMs: number;
}

/**
 * What is held in each mailbox, known without listing the object store.
 *
 * An object is announced before it is put and forgotten after it is deleted, so that a death in
 * between leaves an entry too many, never one too few. The store stays the truth; a census compares
 * the two and mends the index.
 *
 * The index answers only while it is complete: it knows of every object, or has noticed that it may
 * not. Except for the census, no method throws for an index that is away.
 */
export interface HeldIndex extends AsyncDisposable {
  /**
   * Announces an object that is about to be put; replaces the entry of that name. Call before the
   * put. Takes as long as the index was opened for at most ({@link ADDING_MS} in services).
   */
  add(mailbox: string, object: IndexedObject): Promise<Announcement>;

  /**
   * Forgets an object that was deleted, unless it was announced again since. An entry that could
   * not be removed stays until the next census.
   *
   * @param token - of the entry that the deleted object was put under; call with no other, and with
   *   one that was read from the index only if its entry was settled
   */
  remove(mailbox: string, name: string, token: Token): Promise<void>;

  /**
   * Everything held in a mailbox, in ascending order of name.
   *
   * @returns null if that is not known, or is more than {@link MAX_READ_ENTRIES}
   */
  read(mailbox: string): Promise<readonly IndexEntry[] | null>;

  /**
   * How much is held in a mailbox by its entries; see {@link Announcement.held}. `oldestAt` is when the
   * oldest entry was added; null also if there are more than {@link MAX_READ_ENTRIES}.
   *
   * @returns null if that is not known
   */
  totalsOf(mailbox: string): Promise<HeldTotals | null>;

  /** The entry of that name; null if there is none, or the index is away. */
  find(mailbox: string, name: string): Promise<IndexEntry | null>;

  /**
   * Takes a part for a census.
   *
   * @returns null if another census has it, or it was counted within the interval
   * @throws {BackingUnavailableError}
   */
  claim(part: Part, options: ClaimOptions): Promise<CensusClaim | null>;

  /**
   * What the last census of each part found, together.
   *
   * @returns null until all parts are counted
   * @throws {BackingUnavailableError}
   */
  totals(): Promise<HeldTotals | null>;

  /**
   * How many parts are incomplete now, of {@link PARTS}.
   *
   * @throws {BackingUnavailableError}
   */
  incompleteParts(): Promise<number>;
}

/** How long accepting waits for {@link HeldIndex.add}, in milliseconds. */
export const ADDING_MS = 100;

/** What a census found wrong in a mailbox. */
export interface Mending {
  /** Objects that are stored and have no entry; one that has got one meanwhile keeps it. */
  readonly missing: readonly IndexedObject[];
  /** Entries whose object is not stored; one that has another token by now stays. */
  readonly stale: readonly Pick<IndexEntry, 'name' | 'token'>[];
  /**
   * What is stored under entries that tell of another: the put that they announced never took effect.
   * An entry that has another token by now stays as it is.
   *
   * @default none
   */
  readonly wrong?: readonly (IndexedObject & Pick<IndexEntry, 'token'>)[];
}

/**
 * A part of the index that one census has for itself. Every method throws
 * {@link BackingUnavailableError} if the index is away, or the claim was lost.
 */
export interface CensusClaim {
  /**
   * How long to wait before listing, in milliseconds: objects may be about to be stored whose
   * entries are lost, or were never written.
   */
  readonly waitMs: number;

  /**
   * The mailboxes that have entries, some at a time, in no order; one may come twice, or be gone.
   * Some may be missing that had none when it began.
   */
  mailboxes(): AsyncIterable<readonly string[]>;

  /**
   * The entries of a mailbox, however many, in any order; one may come twice. `isSettled` is about
   * the moment of the claim: what was settled then and is not in a listing begun since is not
   * stored.
   */
  entries(mailbox: string): AsyncIterable<IndexEntry>;

  mend(mailbox: string, mending: Mending): Promise<void>;

  /** Keeps the claim for another `leaseMs`. */
  renew(): Promise<void>;

  /**
   * Ends the claim after everything stored was compared. The part is complete from then on, for
   * {@link ClaimOptions.completeMs} at most.
   *
   * @returns false if it is not, as something was announced in vain, or the index lost its memory or
   *   has no room, since the claim
   */
  complete(totals: HeldTotals): Promise<boolean>;
}
