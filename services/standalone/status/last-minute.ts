import type { Clock } from '#clock/clock.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';
import type { Counts } from './gateway-status.ts';

const MINUTE_MS = 60_000;
const LOOK_EVERY_MS = 10_000;

const COUNTERS: Readonly<Record<keyof Counts, string>> = {
  accepted: 'awala_parcels_accepted_total',
  collected: 'awala_parcels_collected_total',
  delivered: 'awala_parcels_delivered_total',
  refused: 'awala_parcels_refused_total',
  registered: 'awala_registrations_total',
};

interface Look {
  readonly atMs: number;
  readonly counts: Counts;
}

/** What a process did within the last minute, to some ten seconds; or since it started. */
export class LastMinute implements Disposable {
  readonly #clock: Clock;
  readonly #metrics: Pick<ProcessMetrics, 'total'>;
  #looks: readonly Look[] = [];
  #cancel = () => {};

  constructor(clock: Clock, metrics: Pick<ProcessMetrics, 'total'>) {
    this.#clock = clock;
    this.#metrics = metrics;
    void this.#look();
  }

  /** What was counted since a minute ago. */
  async counts(): Promise<Counts> {
    const [first] = this.#looks;
    const now = await this.#count();
    const since = (name: keyof Counts) => now[name] - (first?.counts[name] ?? 0);
    return {
      accepted: since('accepted'),
      collected: since('collected'),
      delivered: since('delivered'),
      refused: since('refused'),
      registered: since('registered'),
    };
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  async #look(): Promise<void> {
    this.#cancel = this.#clock.schedule(LOOK_EVERY_MS, () => void this.#look());
    const atMs = this.#clock.elapsedMs();
    const look = { atMs, counts: await this.#count() };
    // The oldest is at least a minute old, if there is one.
    const young = this.#looks.filter((each) => atMs - each.atMs <= MINUTE_MS);
    this.#looks = [...young, look];
  }

  async #count(): Promise<Counts> {
    const names = Object.keys(COUNTERS) as (keyof Counts)[];
    const totals = await Promise.all(names.map((name) => this.#metrics.total(COUNTERS[name])));
    const counted = Object.fromEntries(names.map((name, index) => [name, totals[index] ?? 0]));
    return counted as unknown as Counts;
  }
}
