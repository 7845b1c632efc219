import { type Channel, type HandOver, type Repeat, reasonOf } from './repeats.ts';

/** A parcel before it is offered to the gateway. */
export interface Offer {
  /** The parcel's id, which no other parcel has. */
  readonly id: string;
  /** Its way, such as `phone → Internet app`. */
  readonly road: string;
  /** Who alone may be handed the parcel. */
  readonly recipient: string;
  readonly expiresAt: Date;
  /** Keys of objects that hold the parcel. */
  readonly storedAs: readonly string[];
}

/** A parcel that was handed to somebody else than its recipient. */
interface Misdelivery {
  readonly id: string;
  readonly to: string;
  /** Null if it was never offered. */
  readonly recipient: string | null;
}

/** Where the accepted parcels are. */
export interface Balance {
  readonly accepted: number;
  readonly handedOver: number;
  readonly expired: number;
  readonly stored: number;
  /** Ids of lost parcels. */
  readonly missing: readonly string[];
  readonly misdelivered: readonly Misdelivery[];
}

interface Entry extends Offer {
  readonly offeredAtMs: number;
  /** Attempts to deliver it to the gateway; when the latest ended, null until then. */
  attempts: number;
  lastAnsweredAtMs: number | null;
  isAccepted: boolean;
  readonly handOvers: HandOver[];
}

/**
 * Records what clients were promised and what they got, to check that accepted = collected +
 * delivered + expired + still stored, and that nobody got another's parcel.
 *
 * The order of notes does not matter: a parcel may be handed over before its sender is told that it
 * was accepted.
 */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #misdelivered: Misdelivery[] = [];
  /** By road: when the latest of the arrived parcels was offered; when a parcel last arrived. */
  readonly #latestOffered = new Map<string, number>();
  readonly #lastArrival = new Map<string, number>();
  readonly #repeats: Repeat[] = [];
  readonly #deaths: number[] = [];
  #accepted = 0;

  /** Parcels accepted so far: answered 202, or acknowledged. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Each repeated hand-over so far, and why. */
  get repeats(): readonly Repeat[] {
    return this.#repeats;
  }

  /** Call it before the parcel is sent. */
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

  /** An attempt to deliver the parcel begins. */
  attempt(id: string): void {
    const entry = this.#offered(id);
    entry.attempts += 1;
    entry.lastAnsweredAtMs = null;
  }

  /** That attempt has ended, in whatever way. */
  attempted(id: string): void {
    this.#offered(id).lastAnsweredAtMs = performance.now();
  }

  /** A process of the gateway is killed. */
  noteDeath(): void {
    this.#deaths.push(performance.now());
  }

  /** The gateway accepted the parcel. */
  accept(id: string): void {
    const entry = this.#offered(id);
    this.#accepted += entry.isAccepted ? 0 : 1;
    entry.isAccepted = true;
  }

  /**
   * Somebody was handed the parcel, for the first time or again.
   *
   * @param askedAtMs - when its collection or delivery began, by `performance.now()`
   * @returns to be completed with when it was acknowledged, and when the connection was cut
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
      const { road, attempts, lastAnsweredAtMs } = entry;
      const sent = { attempts, lastAnsweredAtMs };
      this.#repeats.push({ id, road, sent, before, again: handOver, reason });
      return handOver;
    }
    const latestMs = this.#latestOffered.get(entry.road) ?? Number.NEGATIVE_INFINITY;
    this.#latestOffered.set(entry.road, Math.max(latestMs, entry.offeredAtMs));
    this.#lastArrival.set(entry.road, atMs);
    return handOver;
  }

  /** Whether a parcel offered on this road since then, by `performance.now()`, was handed over. */
  hasArrivedSince(road: string, sinceMs: number): boolean {
    return (this.#latestOffered.get(road) ?? Number.NEGATIVE_INFINITY) >= sinceMs;
  }

  /** Whether any parcel on this road was handed over since then; new ones wait behind a backlog. */
  hasMovedSince(road: string, sinceMs: number): boolean {
    return (this.#lastArrival.get(road) ?? Number.NEGATIVE_INFINITY) >= sinceMs;
  }

  /** Ids of accepted parcels that were not handed over. */
  outstanding(): string[] {
    return this.#ofOutstanding().map(({ id }) => id);
  }

  /** @param stored - keys of all stored objects */
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
