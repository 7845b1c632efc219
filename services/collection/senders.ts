import type { Budget, WaitingRequest } from '#bounds/budget.ts';
import type { Who } from '#bounds/fair-shares.ts';
import type { Clock } from '#clock/clock.ts';

/** Between two looks while somebody waits for memory. */
const LOOK_MS = 100;
/** One that takes less in this time stands still. */
const STILL_MS = 2_000;
/** One of a network that holds too much is left alone for as long, as it may soon be over. */
const PATIENCE_MS = 5_000;
const LEAST_CONFIRMED_OCTETS = 4 * 1024;

/** A delivery that is being sent, whose body is in memory. */
export interface Sending {
  /** Of its client. */
  readonly network: Who;
  /** Of the body. */
  readonly octets: number;
  /** Octets that its client confirmed so far, of all that it was ever sent. */
  readonly confirmedOctets: number;
  /** Ends the connection. */
  end(): void;
}

interface Progress {
  readonly startedMs: number;
  /** When it was last seen to have got on, and what was confirmed then. */
  sinceMs: number;
  octets: number;
}

interface SendersParts {
  readonly clock: Clock;
  /** For the bodies. */
  readonly budget: Pick<Budget, 'firstWaiting'>;
  /** Called when one is ended, with whether not its network held too much. */
  readonly onGivenWay: (isNarrowest: boolean) => void;
}

/**
 * The deliveries that are being sent and take a while. While somebody waits for their memory, they
 * give way one by one: the slowest of the network that holds most, if it has several and they hold
 * more than the one that waits would; or else whichever stands still.
 *
 * Looking costs O(n), and only while somebody waits.
 */
export class Senders {
  readonly #parts: SendersParts;
  readonly #progress = new Map<Sending, Progress>();
  #isLooking = false;

  constructor(parts: SendersParts) {
    this.#parts = parts;
  }

  add(sending: Sending): void {
    const nowMs = this.#parts.clock.elapsedMs();
    const octets = sending.confirmedOctets;
    this.#progress.set(sending, { startedMs: nowMs, sinceMs: nowMs, octets });
  }

  remove(sending: Sending): void {
    this.#progress.delete(sending);
  }

  /** Call it whenever somebody has to wait for memory. */
  look(): void {
    if (!this.#isLooking) {
      this.#isLooking = true;
      this.#parts.clock.schedule(LOOK_MS, () => this.#lookAgain());
    }
  }

  #lookAgain(): void {
    this.#isLooking = false;
    const { budget, onGivenWay } = this.#parts;
    const waiting = budget.firstWaiting;
    if (!waiting) {
      return;
    }
    this.#notice();
    const over = this.#slowest(this.#ofLargestOver(waiting), PATIENCE_MS, 'startedMs');
    const going = over ?? this.#slowest([...this.#progress.keys()], STILL_MS, 'sinceMs');
    if (going) {
      this.remove(going);
      onGivenWay(over === undefined);
      going.end();
    }
    this.look();
  }

  /** Notices which have got on. */
  #notice(): void {
    const nowMs = this.#parts.clock.elapsedMs();
    for (const [{ confirmedOctets }, progress] of this.#progress) {
      if (confirmedOctets - progress.octets >= LEAST_CONFIRMED_OCTETS) {
        progress.sinceMs = nowMs;
        progress.octets = confirmedOctets;
      }
    }
  }

  /** Those of the largest network that has several, and more than the one that waits would. */
  #ofLargestOver({ who, amount }: WaitingRequest): readonly Sending[] {
    const networks = Map.groupBy(this.#progress.keys(), ({ network }) => nameOf(network));
    // Without the private gateway.
    const own = nameOf(who.slice(0, -1));
    let most = octetsOf(networks.get(own) ?? []) + amount;
    let largest: readonly Sending[] = [];
    for (const [network, all] of networks) {
      if (network !== own && all.length > 1 && octetsOf(all) > most) {
        most = octetsOf(all);
        largest = all;
      }
    }
    return largest;
  }

  /** Of those for which some time has passed, the one that got on longest ago. */
  #slowest(
    all: readonly Sending[],
    leastMs: number,
    since: 'startedMs' | 'sinceMs',
  ): Sending | undefined {
    const nowMs = this.#parts.clock.elapsedMs();
    const sinceMs = (one: Sending, mark = since) => this.#progress.get(one)?.[mark] ?? nowMs;
    return all
      .filter((one) => nowMs - sinceMs(one) >= leastMs)
      .sort((a, b) => sinceMs(a, 'sinceMs') - sinceMs(b, 'sinceMs') || b.octets - a.octets)[0];
  }
}

function nameOf(network: Who): string {
  return network.join(' ');
}

function octetsOf(all: readonly Sending[]): number {
  return all.reduce((sum, { octets }) => sum + octets, 0);
}
