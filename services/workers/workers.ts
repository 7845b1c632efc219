import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { Clock } from '#clock/clock.ts';
import { CARGO_TOPIC } from '#gateway/cargo-intake.ts';
import { CargoUnpacking } from '#gateway/cargo-unpacking.ts';
import type { Identity } from '#gateway/identity.ts';
import { DestinationResolver } from '#gateway/internet-delivery/destination-resolver.ts';
import { Destinations } from '#gateway/internet-delivery/destinations.ts';
import { DnsOverHttps } from '#gateway/internet-delivery/dns-over-https.ts';
import { InternetDelivery } from '#gateway/internet-delivery/internet-delivery.ts';
import { PohttpClient } from '#gateway/internet-delivery/pohttp-client.ts';
import type { Mailbox } from '#gateway/mailbox.ts';
import { OctetBudget } from '#gateway/octet-budget.ts';
import { INTERNET_DELIVERY_TOPIC } from '#gateway/outbox.ts';
import type { ParcelIntake } from '#gateway/parcel-intake.ts';
import type { PeerSessionKeys } from '#gateway/peer-session-keys.ts';
import type { SessionKeys } from '#gateway/session-keys.ts';
import { Sweeper } from '#gateway/sweeper.ts';
import type { Log } from '#log/log.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectStore } from '#object-store/port.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { Consumer, WorkQueue } from '#work-queue/port.ts';
import {
  CARGO_ITEM_CONCURRENCY,
  CARGO_VISIBILITY_MS,
  CONNECT_TIMEOUT_MS,
  DELIVERY_TIMEOUT_MS,
  DELIVERY_VISIBILITY_MS,
  DESTINATION_LIMITS,
  DNS_TIMEOUT_MS,
  MAX_ATTEMPTS,
  PERIODIC_RETRY_MS,
  RENEWAL_INTERVAL_MS,
  SWEEPER_LIMITS,
  type WorkersLimits,
} from './limits.ts';
import { PeriodicTask } from './periodic-task.ts';

export interface WorkersParts {
  readonly objects: ObjectStore;
  readonly records: RecordStore;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: GatewayMetrics;
  readonly identity: Identity;
  readonly verifier: MessageVerifier;
  readonly sessionKeys: SessionKeys;
  readonly peerSessionKeys: PeerSessionKeys;
  readonly mailbox: Mailbox;
  readonly intake: ParcelIntake;
}

/**
 * Starts all that goes on behind the gateway's doors: unpacking cargo, delivering
 * parcels to the Internet, sweeping, and renewing the gateway's own certificate.
 *
 * Closing takes no new jobs, lets the running ones end within `drainMs`, and
 * gives the rest back to the queue. It leaves the parts open.
 */
export function startWorkers(parts: WorkersParts, limits: WorkersLimits): AsyncDisposable {
  const opened = new AsyncDisposableStack();
  const started = { ...parts, log: parts.log.with({ service: 'workers' }) };
  opened.use(consumeDeliveries(started, limits, opened));
  opened.use(consumeCargo(started, limits));
  opened.use(renewCertificate(started));
  opened.use(sweepPeriodically(started, limits));
  return {
    async [Symbol.asyncDispose]() {
      await opened.disposeAsync();
    },
  };
}
