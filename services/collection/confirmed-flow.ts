import type { Clock } from '#clock/clock.ts';

/** Octets in flight before anything is known about the link. */
const FIRST_WINDOW_OCTETS = 16 * 1024;
/** Slow enough for any link that brings a pong at all. */
const LEAST_WINDOW_OCTETS = 4 * 1024;
const MOST_WINDOW_OCTETS = 8 * 1024 * 1024;
/** Pieces per window; once half of it is in flight, a ping follows each. */
const PIECES = 8;
const MOST_PIECE_OCTETS = 64 * 1024;
/**
 * Per round trip. With more, the burst that a token bucket lets through would pass for its rate.
 */
const MOST_GROWTH = 2;
/**
 * How long confirmations may take, in shortest round trips and in milliseconds: enough to keep the
 * link busy while a lost packet is resent, which holds up everything after it, and far below the 5
 * s that Android waits for a pong.
 */
const ROUND_TRIPS = 3;
const LEAST_DELAY_MS = 1_000;
const MOST_DELAY_MS = 2_500;
/** After a pause of this length, the measurements are out of date. */
const STALE_MS = 5_000;
/** Pings without a pong; only a peer that answers none has more. */
const MAX_PINGS = 64;

interface FlowParts {
  readonly clock: Clock;
  readonly pings: { send(payload: Uint8Array): void };
}

interface SentPing {
  readonly number: number;
  readonly atMs: number;
  /** When something was last confirmed before it, or the first unconfirmed octets were sent. */
  readonly sinceMs: number;
  /** Octets sent before it since the connection began. */
  readonly sentOctets: number;
  /** How many of them were unconfirmed when it was sent. */
  readonly underWayOctets: number;
  /** The one sent after it. */
  next: SentPing | null;
}

/**
 * Limits the octets in flight to a peer: sent, but confirmed by neither a pong nor an
 * acknowledgement. However much the kernel, proxies and network would buffer, pings and pongs thus
 * never wait long behind deliveries.
 *
 * The limit, the window, starts small. Each pong shows how fast the octets in flight at its ping
 * were confirmed; the window becomes what that rate confirms within three of the shortest round
 * trips seen, at least 1 s and at most 2.5 s. It grows at once, but at most twofold per round trip,
 * and shrinks when pongs take longer.
 *
 * Takes little memory while nothing is in flight, as most connections are idle.
 */
export class ConfirmedFlow {
  readonly #clock: Clock;
  readonly #pings: FlowParts['pings'];
  /** Those without a pong, in order. */
  #oldestPing: SentPing | null = null;
  #latestPing: SentPing | null = null;
  #awaitedPongs = 0;
  /** Where unacknowledged deliveries end, in octets sent; null while there are none. */
  #ends: Map<string, number> | null = null;
  #windowOctets = FIRST_WINDOW_OCTETS;
  #sentOctets = 0;
  #confirmedOctets = 0;
  #lastPing = 0;
  #shortestMs = Number.POSITIVE_INFINITY;
  #sinceMs: number;
  #onChange: (() => void) | null = null;

  constructor({ clock, pings }: FlowParts) {
    this.#clock = clock;
    this.#pings = pings;
    this.#sinceMs = this.#nowMs;
  }

  /** Octets of all that was ever sent that the peer has confirmed. */
  get confirmedOctets(): number {
    return this.#confirmedOctets;
  }

  /** Sends a ping whose pong confirms all that was sent before. */
  ping(): void {
    this.#lastPing = (this.#lastPing + 1) % 0x1_0000_0000;
    if (this.#awaitedPongs === MAX_PINGS) {
      this.#forgetOldestPing();
    }
    this.#rememberPing({
      number: this.#lastPing,
      atMs: this.#nowMs,
      sinceMs: this.#sinceMs,
      sentOctets: this.#sentOctets,
      underWayOctets: this.#underWayOctets,
      next: null,
    });
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32BE(this.#lastPing);
    this.#pings.send(payload);
  }

  /**
   * How much may be sent now: all that is wanted, a piece of the window, or 0, in which case a ping
   * is in flight whose pong will change that.
   */
  room(wantedOctets: number): number {
    this.#forgetStale();
    const free = this.#windowOctets - this.#underWayOctets;
    if (wantedOctets <= free && wantedOctets <= MOST_PIECE_OCTETS) {
      return wantedOctets;
    }
    const piece = Math.min(wantedOctets, this.#pieceOctets);
    if (piece <= free) {
      return piece;
    }
    if (this.#uncoveredOctets > 0) {
      this.ping();
    }
    return 0;
  }

  /**
   * Resolves once something was confirmed, or the connection ended; for one waiter at a time.
   *
   * @param signal - aborted when the connection ends, and not before the call
   */
  change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const onChange = () => {
        signal.removeEventListener('abort', onChange);
        this.#onChange = null;
        resolve();
      };
      signal.addEventListener('abort', onChange);
      this.#onChange = onChange;
    });
  }

  /**
   * Call it as soon as octets were sent, before anything else is.
   *
   * @param ended - the delivery that they complete, whose acknowledgement will confirm it
   */
  sent(octets: number, ended: string | null): void {
    if (this.#underWayOctets === 0) {
      this.#sinceMs = this.#nowMs;
    }
    this.#sentOctets += octets;
    if (ended !== null) {
      this.#ends ??= new Map();
      this.#ends.set(ended, this.#sentOctets);
    }
    const isMuch = this.#underWayOctets >= this.#windowOctets / 2;
    if (isMuch && this.#uncoveredOctets >= this.#windowOctets / PIECES) {
      this.ping();
    }
  }

  /** Call it when the peer acknowledges a delivery. */
  onAcknowledged(deliveryId: string): void {
    const end = this.#ends?.get(deliveryId);
    this.#ends?.delete(deliveryId);
    if (this.#ends?.size === 0) {
      this.#ends = null;
    }
    this.#confirm(end ?? 0);
  }

  /** Call it for each pong, which may answer none of our pings, or several at once. */
  onPong(payload: Uint8Array): void {
    const number = payload.length === 4 ? Buffer.from(payload).readUInt32BE() : Number.NaN;
    const ping = this.#sentPing(number);
    if (ping) {
      while (this.#oldestPing !== ping.next) {
        this.#forgetOldestPing();
      }
      this.#adapt(ping);
      this.#confirm(ping.sentOctets);
    }
  }

  #sentPing(number: number): SentPing | null {
    let ping = this.#oldestPing;
    while (ping && ping.number !== number) {
      ping = ping.next;
    }
    return ping;
  }

  #rememberPing(ping: SentPing): void {
    if (this.#latestPing) {
      this.#latestPing.next = ping;
    }
    this.#latestPing = ping;
    this.#oldestPing ??= ping;
    this.#awaitedPongs += 1;
  }

  #forgetOldestPing(): void {
    this.#oldestPing = this.#oldestPing?.next ?? null;
    this.#latestPing = this.#oldestPing && this.#latestPing;
    this.#awaitedPongs -= 1;
  }

  get #nowMs(): number {
    return this.#clock.elapsedMs();
  }

  get #underWayOctets(): number {
    return this.#sentOctets - this.#confirmedOctets;
  }

  /** Octets sent that no ping's pong will confirm. */
  get #uncoveredOctets(): number {
    const covered = this.#latestPing?.sentOctets ?? 0;
    return this.#sentOctets - Math.max(covered, this.#confirmedOctets);
  }

  get #pieceOctets(): number {
    return Math.min(MOST_PIECE_OCTETS, Math.floor(this.#windowOctets / PIECES));
  }

  get #delayMs(): number {
    const wanted = ROUND_TRIPS * this.#shortestMs;
    return Math.min(Math.max(wanted, LEAST_DELAY_MS), MOST_DELAY_MS);
  }

  #adapt({ atMs, sinceMs, underWayOctets }: SentPing): void {
    const pongMs = this.#nowMs - atMs;
    this.#shortestMs = Math.min(this.#shortestMs, Math.max(1, pongMs));
    const confirmingMs = Math.max(1, this.#nowMs - sinceMs);
    const wanted = Math.floor(underWayOctets * Math.min(MOST_GROWTH, this.#delayMs / confirmingMs));
    if (wanted > this.#windowOctets) {
      this.#windowOctets = Math.min(wanted, MOST_WINDOW_OCTETS);
    } else if (pongMs > this.#delayMs && underWayOctets >= this.#windowOctets / 2) {
      // With less in flight, the delay was the peer's and not the link's.
      this.#windowOctets = Math.max(wanted, LEAST_WINDOW_OCTETS);
    }
  }

  #confirm(octets: number): void {
    if (octets > this.#confirmedOctets) {
      this.#sinceMs = this.#nowMs;
      this.#confirmedOctets = octets;
    }
    this.#onChange?.();
  }

  #forgetStale(): void {
    if (this.#underWayOctets === 0 && this.#nowMs - this.#sinceMs >= STALE_MS) {
      this.#windowOctets = Math.min(this.#windowOctets, FIRST_WINDOW_OCTETS);
    }
  }
}
