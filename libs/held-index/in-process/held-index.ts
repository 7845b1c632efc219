import { randomUUID } from 'node:crypto';
import { BackingUnavailableError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import {
  type Announcement,
  type CensusClaim,
  type ClaimOptions,
  type HeldAmount,
  type HeldIndex,
  type HeldTotals,
  type IndexEntry,
  type IndexedObject,
  LONGEST_ACCEPTING_MS,
  LONGEST_PUT_MS,
  MAX_READ_ENTRIES,
  type Mending,
  PARTS,
  type Part,
  partOf,
  sumOf,
  type Token,
} from '../port.ts';

interface InProcessHeldIndexOptions {
  readonly clock: Clock;
  /** Entries of all mailboxes; more are not remembered, and their parts stay incomplete. */
  readonly maxEntries: number;
}

type Remembered = IndexedObject & { readonly token: Token; readonly addedMs: number };

interface RememberedMailbox {
  readonly entries: Map<string, Remembered>;
  /** Of all entries. */
  octets: number;
}

interface CountedPart {
  /** By the clock that nobody can set. */
  claimedUntilMs: number;
  countedUntilMs: number;
  claim: object | null;
  completeUntilMs: number;
  /** Changes whenever something could not be remembered. */
  withdrawals: number;
  withdrawnMs: number;
  totals: HeldTotals | null;
}

/**
 * An index in the memory of the only process that stores parcels. Complete, part by part, after the
 * first census.
 */
export class InProcessHeldIndex implements HeldIndex {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  readonly #mailboxes = new Map<string, RememberedMailbox>();
  readonly #parts = new Map<Part, CountedPart>(PARTS.map((part) => [part, newPart()]));
  #count = 0;

  constructor({ clock, maxEntries }: InProcessHeldIndexOptions) {
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  async add(mailbox: string, object: IndexedObject): Promise<Announcement> {
    return this.#remember(mailbox, object);
  }

  async remove(mailbox: string, name: string, token: Token): Promise<void> {
    this.#forget(mailbox, name, token);
  }

  async read(mailbox: string): Promise<readonly IndexEntry[] | null> {
    return this.#isComplete(this.#part(partOf(mailbox)))
      ? this.#entries(mailbox, this.#clock.elapsedMs())
      : null;
  }

  async totalsOf(mailbox: string): Promise<HeldTotals | null> {
    if (!this.#isComplete(this.#part(partOf(mailbox)))) {
      return null;
    }
    const held = amountIn(this.#mailboxes.get(mailbox));
    const isTold = held.objects > 0 && held.objects <= MAX_READ_ENTRIES;
    const entries = isTold ? this.#all(mailbox, this.#clock.elapsedMs()) : [];
    const oldestMs = Math.min(...entries.map(({ addedAt }) => addedAt.getTime()));
    return { ...held, oldestAt: isTold ? new Date(oldestMs) : null };
  }

  async find(mailbox: string, name: string): Promise<IndexEntry | null> {
    const entry = this.#entry(mailbox, name);
    return entry ? this.#entryOf(entry, this.#clock.elapsedMs()) : null;
  }

  async claim(part: Part, options: ClaimOptions): Promise<CensusClaim | null> {
    const counted = this.#part(part);
    const nowMs = this.#clock.elapsedMs();
    if (nowMs < Math.max(counted.claimedUntilMs, counted.countedUntilMs)) {
      return null;
    }
    const claim = {};
    counted.claim = claim;
    counted.claimedUntilMs = nowMs + options.leaseMs;
    return this.#claimed(part, { claim, claimedMs: nowMs, options });
  }

  async totals(): Promise<HeldTotals | null> {
    return sumOf([...this.#parts.values()].map(({ totals }) => totals));
  }

  async incompleteParts(): Promise<number> {
    return [...this.#parts.values()].filter((part) => !this.#isComplete(part)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #claimed(
    part: Part,
    {
      claim,
      claimedMs,
      options,
    }: { readonly claim: object; readonly claimedMs: number; readonly options: ClaimOptions },
  ): CensusClaim {
    const counted = this.#part(part);
    const { withdrawals } = counted;
    const assertClaimed = () => {
      if (counted.claim !== claim) {
        throw new BackingUnavailableError('held-index', 'the claim was lost');
      }
    };
    const entriesOf = (mailbox: string) => this.#all(mailbox, claimedMs);
    const mailboxes = this.#mailboxes;
    return {
      waitMs: Math.max(0, counted.withdrawnMs + LONGEST_ACCEPTING_MS - claimedMs),
      async *mailboxes() {
        assertClaimed();
        yield [...mailboxes.keys()].filter((each) => partOf(each) === part);
      },
      async *entries(mailbox) {
        assertClaimed();
        yield* entriesOf(mailbox);
      },
      mend: async (mailbox, mending) => {
        assertClaimed();
        this.#mend(mailbox, mending);
      },
      renew: async () => {
        assertClaimed();
        counted.claimedUntilMs = this.#clock.elapsedMs() + options.leaseMs;
      },
      complete: async (totals) => {
        assertClaimed();
        counted.claim = null;
        counted.claimedUntilMs = 0;
        counted.totals = totals;
        const nowMs = this.#clock.elapsedMs();
        const isComplete = counted.withdrawals === withdrawals;
        if (isComplete) {
          counted.completeUntilMs = nowMs + options.completeMs;
        }
        // Also where there is no room: nothing is gained by listing all again at once.
        counted.countedUntilMs = nowMs + options.intervalMs;
        return isComplete;
      },
    };
  }

  #mend(mailbox: string, { missing, stale, wrong = [] }: Mending): void {
    for (const object of missing) {
      if (!this.#entry(mailbox, object.name)) {
        this.#remember(mailbox, object);
      }
    }
    for (const { name, token, sizeOctets, expiresAt } of wrong) {
      const former = this.#entry(mailbox, name);
      if (former?.token === token) {
        this.#put(mailbox, { ...former, sizeOctets, expiresAt });
      }
    }
    for (const { name, token } of stale) {
      this.#forget(mailbox, name, token);
    }
  }

  #remember(mailbox: string, object: IndexedObject): Announcement {
    const former = this.#entry(mailbox, object.name);
    if (!former && this.#count >= this.#maxEntries) {
      const part = this.#part(partOf(mailbox));
      part.completeUntilMs = 0;
      part.withdrawals += 1;
      part.withdrawnMs = this.#clock.elapsedMs();
      return { token: null, isMissing: true, held: null, late: null };
    }
    const token = randomUUID();
    const { name, sizeOctets, expiresAt } = object;
    const addedMs = this.#clock.elapsedMs();
    const isRival = former !== undefined && !isSettled(former, addedMs);
    const held = this.#put(mailbox, { name, sizeOctets, expiresAt, token, addedMs });
    return { token: isRival ? null : token, isMissing: false, held, late: null };
  }

  /** @returns what is held in the mailbox by now */
  #put(mailbox: string, entry: Remembered): HeldAmount {
    const its = this.#mailboxes.get(mailbox) ?? { entries: new Map(), octets: 0 };
    this.#count -= its.entries.size;
    its.octets += entry.sizeOctets - (its.entries.get(entry.name)?.sizeOctets ?? 0);
    its.entries.set(entry.name, entry);
    this.#count += its.entries.size;
    this.#mailboxes.set(mailbox, its);
    return amountIn(its);
  }

  #entry(mailbox: string, name: string): Remembered | undefined {
    return this.#mailboxes.get(mailbox)?.entries.get(name);
  }

  #forget(mailbox: string, name: string, token: Token): void {
    const its = this.#mailboxes.get(mailbox);
    const entry = its?.entries.get(name);
    if (its && entry?.token === token) {
      its.entries.delete(name);
      its.octets -= entry.sizeOctets;
      this.#count -= 1;
      if (its.entries.size === 0) {
        this.#mailboxes.delete(mailbox);
      }
    }
  }

  #entries(mailbox: string, atMs: number): IndexEntry[] | null {
    const isTooMuch = (this.#mailboxes.get(mailbox)?.entries.size ?? 0) > MAX_READ_ENTRIES;
    return isTooMuch
      ? null
      : this.#all(mailbox, atMs).sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  #all(mailbox: string, atMs: number): IndexEntry[] {
    const entries = this.#mailboxes.get(mailbox)?.entries.values() ?? [];
    return Array.from(entries, (entry) => this.#entryOf(entry, atMs));
  }

  #entryOf({ addedMs, ...entry }: Remembered, atMs: number): IndexEntry {
    const agoMs = this.#clock.elapsedMs() - addedMs;
    const addedAt = new Date(this.#clock.now().getTime() - agoMs);
    return { ...entry, addedAt, isSettled: isSettled({ addedMs }, atMs) };
  }

  #isComplete({ completeUntilMs }: CountedPart): boolean {
    return this.#clock.elapsedMs() < completeUntilMs;
  }

  #part(part: Part): CountedPart {
    const counted = this.#parts.get(part);
    if (!counted) {
      throw new TypeError(`there is no part ${part}`);
    }
    return counted;
  }
}

function amountIn(mailbox: RememberedMailbox | undefined): HeldAmount {
  return { objects: mailbox?.entries.size ?? 0, octets: mailbox?.octets ?? 0 };
}

function isSettled({ addedMs }: Pick<Remembered, 'addedMs'>, atMs: number): boolean {
  return atMs - addedMs > LONGEST_PUT_MS;
}

function newPart(): CountedPart {
  return {
    claimedUntilMs: 0,
    countedUntilMs: 0,
    claim: null,
    completeUntilMs: 0,
    withdrawals: 0,
    withdrawnMs: Number.NEGATIVE_INFINITY,
    totals: null,
  };
}
