import {
  Counter,
  type CounterConfiguration,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
} from 'prom-client';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { Unserved } from './http/unserved.ts';

/** Distinct reasons used as label values; any further one counts as `other`. */
const MOST_REASONS = 64;

/** From 10 ms, for a connected collector, to a month, for a phone that a courier reaches once. */
const HELD_SECONDS = [0.01, 0.05, 0.25, 1, 5, 30, 300, 3_600, 21_600, 86_400, 604_800, 2_592_000];

/** Up to 2.5 s, after which clients are told to come back later. */
const ANSWER_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** A request that was answered, or whose client left. */
export interface AnsweredRequest {
  readonly method: string;
  /** The pattern that matched, never the path; `none` if no route did. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
  /** Why the status is 500 or more; null if it is not. */
  readonly unserved: Unserved | null;
}

/**
 * The metrics of one process, in their own registry: the gateway's, HTTP's, and the process's (CPU,
 * memory, garbage collection, event-loop delay).
 */
export class ProcessMetrics {
  readonly gateway: GatewayMetrics;
  readonly #registry = new Registry();
  readonly #requests: Histogram;
  readonly #unserved: Counter;
  readonly #shortages: Counter;
  #onPhone = (_phone: string) => {};

  /** @param labels - carried by every metric, such as the service's name */
  constructor(labels: Readonly<Record<string, string>> = {}) {
    this.#registry.setDefaultLabels(labels);
    collectDefaultMetrics({ register: this.#registry });
    this.gateway = gatewayMetrics(this.#registry, (phone) => this.#onPhone(phone));
    this.#requests = new Histogram({
      name: 'awala_http_request_seconds',
      help: 'Time from the arrival of a request to the end of its answer',
      labelNames: ['server', 'method', 'route', 'status'],
      buckets: ANSWER_SECONDS,
      registers: [this.#registry],
    });
    this.#unserved = new Counter({
      name: 'awala_http_unserved_total',
      help: 'Requests answered with a status of 500 or more, by why',
      labelNames: ['server', 'why'],
      registers: [this.#registry],
    });
    this.#shortages = new Counter({
      name: 'awala_descriptor_shortages_total',
      help: 'Looks, one each second, at which no file descriptor was left',
      registers: [this.#registry],
    });
  }

  /** Counts a check, one each second, that found no file descriptor left. */
  readonly descriptorsShort = (): void => this.#shortages.inc();

  /** Counts requests of the HTTP server `server`, a constant. */
  readonly requestAnswered = (server: string, request: AnsweredRequest): void => {
    const { method, route, status, seconds, unserved } = request;
    this.#requests.observe({ server, method, route, status: String(status) }, seconds);
    if (unserved) {
      this.#unserved.inc({ server, why: unserved });
    }
  };

  /** Tells `listener` of each phone that is seen, instead of whom it told before. */
  tellOfPhones(listener: (phone: string) => void): void {
    this.#onPhone = listener;
  }

  /**
   * The sum of a counter's values, or of a gauge's, over all labels.
   *
   * @param name - with the prefix `awala_`
   * @returns 0 if there is no such metric, or it has no value yet
   */
  async total(name: string): Promise<number> {
    const metric = await this.#registry.getSingleMetric(name)?.get();
    return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0;
  }

  /**
   * Adds a metric whose value is read on each scrape.
   *
   * @param name - without the prefix `awala_`; must be new
   * @param read - if it fails, the scrape omits the metric
   */
  observe(name: string, help: string, read: () => number | Promise<number>): void {
    new Gauge({
      name: `awala_${name}`,
      help,
      registers: [this.#registry],
      async collect() {
        try {
          this.set(await read());
        } catch {
          this.reset();
          this.remove();
        }
      },
    });
  }

  /**
   * Adds a metric with one label, whose values are read on each scrape.
   *
   * @param read - returns the value for one of the label's
   */
  observeEach<Label extends string>(
    name: string,
    help: string,
    label: Label,
    read: () => Promise<Readonly<Record<string, number>>>,
  ): void {
    new Gauge({
      name: `awala_${name}`,
      help,
      labelNames: [label],
      registers: [this.#registry],
      async collect() {
        this.reset();
        try {
          for (const [value, number] of Object.entries(await read())) {
            this.set({ [label]: value } as Record<Label, string>, number);
          }
        } catch {
          // This scrape omits them.
        }
      },
    });
  }

  /** All metrics, in Prometheus's text format. */
  async expose(): Promise<{ readonly contentType: string; readonly text: string }> {
    const text = await this.#registry.metrics();
    return { contentType: this.#registry.contentType, text };
  }
}

function gatewayMetrics(
  registry: Registry,
  phoneSeen: GatewayMetrics['phoneSeen'],
): GatewayMetrics {
  const count = counters(registry);
  const boundedReason = boundReasons();
  const held = new Histogram({
    name: 'awala_parcel_held_seconds',
    help: 'Time from the storing of a parcel to the acknowledgement of its collector',
    labelNames: ['by'],
    buckets: HELD_SECONDS,
    registers: [registry],
  });
  const collectors = new Gauge({
    name: 'awala_collectors_connected',
    help: 'Parcel collections in progress',
    registers: [registry],
  });
  return {
    parcelAccepted: (road, bound) => count.accepted.inc({ road, bound }),
    parcelRefused: (road, reason) => count.refused.inc({ road, reason: boundedReason(reason) }),
    parcelNotIndexed: () => count.notIndexed.inc(),
    parcelCollected(by, secondsHeld) {
      count.collected.inc({ by });
      if (secondsHeld !== null) {
        held.observe({ by }, secondsHeld);
      }
    },
    expired: (what, number) => count.expired.inc({ what }, number),
    postponedForClock: () => count.postponedForClock.inc(),
    collectionCallFailed: (call) => count.collectionCallsFailed.inc({ call }),
    collectorConnected: () => collectors.inc(),
    collectorDisconnected: () => collectors.dec(),
    parcelDelivered: (outcome) => count.delivered.inc({ outcome }),
    cargoAccepted: () => count.cargoAccepted.inc(),
    cargoRefused: (reason) => count.cargoRefused.inc({ reason: boundedReason(reason) }),
    emptyCargo: () => count.emptyCargo.inc(),
    cargoCollected: () => count.cargoCollected.inc(),
    sessionMessage: (key, outcome) => count.sessionMessages.inc({ key, outcome }),
    oversizeCargoSent: () => count.oversizeCargoSent.inc(),
    parcelsLeftByCourier: (why, number) => count.leftByCourier.inc({ why }, number),
    overShare: (what, who) => count.overShare.inc({ what, who }),
    registered: () => count.registered.inc(),
    phoneSeen,
  };
}

function counters(registry: Registry) {
  const counter = <Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[] = [],
  ) => {
    const configuration: CounterConfiguration<Label> = {
      name: `awala_${name}_total`,
      help,
      labelNames,
      registers: [registry],
    };
    return new Counter(configuration);
  };
  return {
    accepted: counter('parcels_accepted', 'Parcels stored durably', ['road', 'bound']),
    refused: counter('parcels_refused', 'Parcels refused', ['road', 'reason']),
    notIndexed: counter(
      'parcels_not_indexed',
      'Parcels stored though the index of what is held may not know them',
    ),
    collected: counter('parcels_collected', 'Parcels acknowledged by their collector', ['by']),
    postponedForClock: counter(
      'postponed_for_clock',
      'Refusals for dates, and registrations, that were put off because the clock is in doubt',
    ),
    collectionCallsFailed: counter(
      'collection_calls_failed',
      'Calls to backing services for a collection that failed and were repeated',
      ['call'],
    ),
    delivered: counter('parcels_delivered', 'Parcels for other Internet addresses', ['outcome']),
    expired: counter('expired', 'What expired before it was collected or used', ['what']),
    cargoAccepted: counter('cargoes_accepted', 'Cargoes stored durably'),
    cargoRefused: counter('cargoes_refused', 'Cargoes refused', ['reason']),
    emptyCargo: counter('empty_cargoes', 'Cargoes that held nothing'),
    cargoCollected: counter('cargoes_collected', 'Cargoes acknowledged by couriers'),
    sessionMessages: counter(
      'session_messages',
      'Cargoes and CCAs by the kind of our session key that they were encrypted for',
      ['key', 'outcome'],
    ),
    oversizeCargoSent: counter('oversize_cargoes_sent', 'Cargoes of over 4 MiB sent to couriers'),
    leftByCourier: counter('parcels_left_by_couriers', 'Parcels that a courier cannot carry', [
      'why',
    ]),
    overShare: counter('over_share', 'What had to give way to others', ['what', 'who']),
    registered: counter('registrations', 'Private gateways registered'),
  };
}

/** Bounds label values that a caller does not. */
function boundReasons(): (reason: string) => string {
  const known = new Set<string>();
  return (reason) => {
    if (known.size < MOST_REASONS && /^[a-z0-9-]{1,40}$/.test(reason)) {
      known.add(reason);
    }
    return known.has(reason) ? reason : 'other';
  };
}
