import { type Channel, type HandOver, type Repeat, reasonOf } from './repeats.ts';

/** A parcel before it is offered to the gateway. */
export interface Offer {
  /** The parcel's id, which no other parcel has. */
  readonly id: string;
  /** By which road it goes, such as `poweb → phone`. */
  readonly road: string;
  /** The only one who may be handed it. */
  readonly recipient: string;
  readonly expiresAt: Date;
  /** Keys of objects: while one of them is stored, the parcel is. */
  readonly storedAs: readonly string[];
}

/** A parcel that somebody was handed whom it was not for. */
interface Misdelivery {
  readonly id: string;
  readonly to: string;
  /** Null if nobody ever offered it. */
  readonly recipient: string | null;
}

/** Where the accepted parcels are: the first four add up to `accepted` if nothing is lost. */
export interface Balance {
  readonly accepted: number;
  readonly handedOver: number;
  readonly expired: number;
  readonly stored: number;
  /** Ids of those that are nowhere, and must not be. */
  readonly missing: readonly string[];
  readonly misdelivered: readonly Misdelivery[];
}

interface Entry extends Offer {
  readonly offeredAtMs: number;
  /** How often its sender tried to bring it; when the latest attempt was over, null while it is not. */
  attempts: number;
  lastAnsweredAtMs: number | null;
  isAccepted: boolean;
  readonly handOvers: HandOver[];
}

/**
 * What clients of a gateway were promised, and what they got: accepted = collected
 * + delivered + expired + still stored, and nobody gets what is another's.
 *
 * The order in which things are noted does not matter: a parcel may well be
 * handed over before its sender is told that it was accepted.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #misdelivered: Misdelivery[] = [];
  /** When the latest of the parcels that arrived by a road was offered; when one arrived last. */
  readonly #latestOffered = new Map<string, number>();
  readonly #lastArrival = new Map<string, number>();
  readonly #repeats: Repeat[] = [];
  readonly #deaths: number[] = [];
  #accepted = 0;

  /** Promised so far: answered 202, or acknowledged. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Each time so far that a parcel was handed over that had been before, and why. */
  get repeats(): readonly Repeat[] {
    return this.#repeats;
  }

  /** To be noted before anything is sent. */
  offer(offer: Offer): void {
    const offeredAtMs = performance.now();
    this.#entries.set(offer.id, {
      ...offer,
      offeredAtMs,
      attempts: 0,
      lastAnsweredAtMs: null,
      isAccepted: false,
      handOvers: [],
    });
  }

  /** An attempt at bringing the parcel begins. */
  attempt(id: string): void {
    const entry = this.#offered(id);
    entry.attempts += 1;
    entry.lastAnsweredAtMs = null;
  }

  /** That attempt is over, whatever came of it. */
  attempted(id: string): void {
    this.#offered(id).lastAnsweredAtMs = performance.now();
  }

  /** A process of the gateway is killed. */
  noteDeath(): void {
    this.#deaths.push(performance.now());
  }

  /** The gateway said that it has the parcel. */
  accept(id: string): void {
    const entry = this.#offered(id);
    this.#accepted += entry.isAccepted ? 0 : 1;
    entry.isAccepted = true;
  }

  /**
   * Somebody was handed the parcel, for the first time or again.
   *
   * @param askedAtMs - when the collection or delivery began that brought it, in the time of `performance`
   * @returns what is to be completed: when it was acknowledged, and when the connection was cut
   */
  handOver(
    id: string,
    to: string,
    { by, askedAtMs = performance.now() }: { readonly by: Channel; readonly askedAtMs?: number },
  ): HandOver {
    const atMs = performance.now();
    const handOver: HandOver = { by, atMs, askedAtMs, acknowledgedAtMs: null, cutAtMs: null };
    const entry = this.#entries.get(id);
    if (entry?.recipient !== to) {
      this.#misdelivered.push({ id, to, recipient: entry?.recipient ?? null });
      return handOver;
    }
    const earlier = [...entry.handOvers];
    entry.handOvers.push(handOver);
    const before = earlier.at(-1);
    if (before) {
      const reason = reasonOf(earlier, handOver, entry, this.#deaths);
      this.#repeats.push({ id, before, again: handOver, reason });
      return handOver;
    }
    const latestMs = this.#latestOffered.get(entry.road) ?? Number.NEGATIVE_INFINITY;
    this.#latestOffered.set(entry.road, Math.max(latestMs, entry.offeredAtMs));
    this.#lastArrival.set(entry.road, atMs);
    return handOver;
  }

  /** Whether a parcel that was offered by this road since then, in the time of `performance`, was handed over. */
  hasArrivedSince(road: string, sinceMs: number): boolean {
    return (this.#latestOffered.get(road) ?? Number.NEGATIVE_INFINITY) >= sinceMs;
  }

  /** Whether any parcel on this road was handed over since then: one behind a backlog takes its turn. */
  hasMovedSince(road: string, sinceMs: number): boolean {
    return (this.#lastArrival.get(road) ?? Number.NEGATIVE_INFINITY) >= sinceMs;
  }

  /** Ids of parcels that were accepted and not handed over. */
  outstanding(): string[] {
    return this.#ofOutstanding().map(({ id }) => id);
  }

  /** @param stored - the keys of all objects that are stored */
  balance({ now, stored }: { readonly now: Date; readonly stored: ReadonlySet<string> }): Balance {
    const outstanding = this.#ofOutstanding();
    const kept = outstanding.filter(({ storedAs }) => storedAs.some((key) => stored.has(key)));
    const gone = outstanding.filter((entry) => !kept.includes(entry));
    const missing = gone.filter(({ expiresAt }) => now < expiresAt);
    return {
      accepted: this.#accepted,
      handedOver: this.#accepted - outstanding.length,
      expired: gone.length - missing.length,
      stored: kept.length,
      missing: missing.map(({ id }) => id),
      misdelivered: [...this.#misdelivered],
    };
  }

  #ofOutstanding(): Entry[] {
    return [...this.#entries.values()].filter(
      ({ isAccepted, handOvers }) => isAccepted && handOvers.length === 0,
    );
  }

  #offered(id: string): Entry {
    const entry = this.#entries.get(id);
    if (!entry) {
      throw new RangeError(`${id} was never offered`);
    }
    return entry;
  }
}
