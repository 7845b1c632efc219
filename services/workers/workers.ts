import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { Census } from '#gateway/held/census.ts';
import type { Mailbox } from '#gateway/held/mailbox.ts';
import { Sweeper } from '#gateway/held/sweeper.ts';
import { CARGO_TOPIC, INTERNET_DELIVERY_TOPIC } from '#gateway/held/topics.ts';
import type { Identity } from '#gateway/identity/identity.ts';
import { PeerSessionKeys } from '#gateway/identity/sessions/peer-session-keys.ts';
import type { SessionKeys } from '#gateway/identity/sessions/session-keys.ts';
import type { Withdrawals } from '#gateway/identity/withdrawals.ts';
import { CargoUnpacking } from '#gateway/intake/cargo-unpacking.ts';
import type { ParcelIntake } from '#gateway/intake/parcel-intake.ts';
import { Admissions } from '#gateway/internet-delivery/admissions.ts';
import { DestinationResolver } from '#gateway/internet-delivery/destination-resolver.ts';
import { Destinations } from '#gateway/internet-delivery/destinations.ts';
import { DnsOverHttps } from '#gateway/internet-delivery/dns-over-https.ts';
import { InternetDelivery } from '#gateway/internet-delivery/internet-delivery.ts';
import { PohttpClient } from '#gateway/internet-delivery/pohttp-client.ts';
import { PostPlaces } from '#gateway/internet-delivery/post-places.ts';
import { isPublicAddress } from '#gateway/internet-delivery/public-address.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import type { HeldIndex } from '#held-index/port.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectStore } from '#object-store/port.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { Consumer, WorkQueue } from '#work-queue/port.ts';
import { warnAboutOverrides } from './delivery-overrides.ts';
import {
  CARGO_ITEM_CONCURRENCY,
  CARGO_VISIBILITY_MS,
  CENSUS_LIMITS,
  CENSUS_LOOK_MS,
  COMPLETE_INTERVALS,
  CONNECT_TIMEOUT_MS,
  DELIVERY_TIMEOUT_MS,
  DELIVERY_VISIBILITY_MS,
  DESTINATION_LIMITS,
  DNS_TIMEOUT_MS,
  JOBS_LOOKED_AT,
  MAX_ATTEMPTS,
  MOST_WAITING,
  PERIODIC_RETRY_MS,
  POST_LIMITS,
  RENEWAL_INTERVAL_MS,
  SENDER_LIMITS,
  SWEEPER_LIMITS,
  type WorkersLimits,
} from './limits.ts';
import { PeriodicTask } from './periodic-task.ts';

interface WorkersParts {
  readonly objects: ObjectStore;
  readonly records: RecordStore;
  readonly queue: WorkQueue;
  readonly heldIndex?: HeldIndex | null;
  readonly clock: Clock;
  readonly plausibility?: Pick<ClockPlausibility, 'doubt' | 'hear'>;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
  readonly identity: Identity;
  readonly verifier: MessageVerifier;
  readonly sessionKeys: SessionKeys;
  readonly mailbox: Mailbox;
  readonly intake: ParcelIntake;
  readonly policy: PeerPolicy;
  readonly withdrawals: Withdrawals | null;
}

/** The workers of a gateway, running. */
export interface Workers extends AsyncDisposable {
  /** Resolves when the first sweep is over. */
  readonly firstSweep: Promise<void>;
}

/**
 * Starts the workers: they unpack cargo, post parcels to the Internet, sweep, and renew the
 * gateway's own certificate.
 *
 * Disposing of them takes no new jobs, gives the running ones `drainMs` to end, and returns the
 * rest to the queue. The parts stay open.
 */
export function startWorkers(parts: WorkersParts, limits: WorkersLimits): Workers {
  const log = parts.log.with({ worker: true });
  warnAboutOverrides(limits.delivery.overrides, log);
  const client = openClient(parts, limits);
  const periodic = startPeriodicTasks({ ...parts, log }, limits);
  const consumers = [
    consumeDeliveries({ ...parts, log }, limits, client),
    consumeCargo({ ...parts, log }, limits),
  ];
  return {
    firstSweep: periodic.sweeping.idle,
    async [Symbol.asyncDispose]() {
      await using _client = client;
      await using _sweeping = periodic.sweeping;
      await using _renewing = periodic.renewing;
      await using _counting = periodic.counting;
      await Promise.all(consumers.map((consumer) => consumer.close(limits)));
    },
  };
}

/** A client that closes with its resolver. */
interface Client extends AsyncDisposable {
  readonly post: PohttpClient['post'];
}

function openClient({ clock, plausibility }: WorkersParts, { delivery }: WorkersLimits): Client {
  const dns = new DnsOverHttps(clock, {
    url: delivery.dohUrl,
    timeoutMs: DNS_TIMEOUT_MS,
    onTime: (time) => plausibility?.hear(time),
  });
  const resolver = new DestinationResolver({ dns, clock });
  const client = new PohttpClient(
    { resolver, clock },
    {
      useTls: delivery.useTls,
      permits: delivery.allowPrivateNetworks ? () => true : isPublicAddress,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      totalTimeoutMs: DELIVERY_TIMEOUT_MS,
      maxConnectionsPerHost: delivery.concurrencyPerDestination,
      overrides: delivery.overrides,
    },
  );
  return {
    post: (parcel) => client.post(parcel),
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await dns[Symbol.asyncDispose]();
    },
  };
}

function consumeDeliveries(
  parts: WorkersParts,
  { delivery }: WorkersLimits,
  client: Client,
): Consumer {
  const { concurrency, concurrencyPerDestination: maxConcurrent, bufferOctets } = delivery;
  const admissions = new Admissions({
    destinations: new Destinations(parts.clock, { ...DESTINATION_LIMITS, maxConcurrent }),
    senders: new Destinations(parts.clock, { ...SENDER_LIMITS, maxConcurrent }),
  });
  const mostWaiting = Math.min(concurrency, MOST_WAITING);
  const limits = { ...POST_LIMITS, concurrency, bufferOctets, mostWaiting };
  const places = new PostPlaces(parts, limits);
  const worker = new InternetDelivery({ ...parts, client, admissions, places });
  return parts.queue.consume(INTERNET_DELIVERY_TOPIC, worker.handle, {
    concurrency: concurrency + mostWaiting + JOBS_LOOKED_AT,
    maxAttempts: MAX_ATTEMPTS,
    visibilityTimeoutMs: DELIVERY_VISIBILITY_MS,
    onHastened: worker.onHastened,
  });
}

function consumeCargo(parts: WorkersParts, { cargo }: WorkersLimits): Consumer {
  const peerSessionKeys = new PeerSessionKeys(parts);
  const worker = new CargoUnpacking(
    { ...parts, peerSessionKeys },
    { itemConcurrency: CARGO_ITEM_CONCURRENCY },
  );
  return parts.queue.consume(CARGO_TOPIC, worker.handle, {
    concurrency: cargo.concurrency,
    maxAttempts: MAX_ATTEMPTS,
    visibilityTimeoutMs: CARGO_VISIBILITY_MS,
  });
}

function startPeriodicTasks(
  parts: WorkersParts,
  { sweepIntervalMs, censusIntervalMs }: WorkersLimits,
) {
  const { heldIndex } = parts;
  const limits = {
    ...CENSUS_LIMITS,
    intervalMs: censusIntervalMs,
    completeMs: COMPLETE_INTERVALS * censusIntervalMs,
  };
  const census = heldIndex && new Census({ ...parts, heldIndex }, limits);
  const censusLookMs = Math.min(CENSUS_LOOK_MS, censusIntervalMs);
  const sweeper = new Sweeper(parts, SWEEPER_LIMITS);
  return {
    sweeping: new PeriodicTask(parts, {
      name: 'sweep',
      intervalMs: sweepIntervalMs,
      retryMs: PERIODIC_RETRY_MS,
      run: (signal) => sweeper.sweep(signal),
    }),
    renewing: new PeriodicTask(parts, {
      name: 'renew the certificate',
      intervalMs: RENEWAL_INTERVAL_MS,
      retryMs: PERIODIC_RETRY_MS,
      run: () => parts.identity.renewIfDue(),
    }),
    counting: census
      ? new PeriodicTask(parts, {
          name: 'count what is held',
          intervalMs: censusLookMs,
          retryMs: censusLookMs,
          run: (signal) => census.run(signal),
        })
      : null,
  };
}
