import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { type Gateway, type GatewayPorts, openGateway } from '#gateway/gateway.ts';
import { INTERNET_BOUND_PREFIX, mailboxPrefix } from '#gateway/held/object-keys.ts';
import { PeerSessionKeys } from '#gateway/identity/sessions/peer-session-keys.ts';
import type { QuotaSettings } from '#gateway/intake/quotas.ts';
import { InMemoryObjectStore, type ObjectStoreCall } from '#object-store/in-memory.ts';
import { InMemoryRecordStore, type RecordStoreCall } from '#record-store/in-memory.ts';
import type { WorkersLimits } from '#services/workers/limits.ts';
import { startWorkers, type Workers } from '#services/workers/workers.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { InProcessTallies } from '#tallies/in-process/tallies.ts';
import {
  authorisedSender,
  endpoint,
  type Identity,
  identity,
  type MessageFields,
  messageFrom,
  type Peer,
  privateGateway,
  type Validity,
} from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { RecordedLog, RecordedMetrics } from './recorded.ts';

export const OWN_ADDRESS = 'gateway.example';

export interface WorkersOptions {
  readonly drainMs?: number;
  readonly sweepIntervalMs?: number;
  readonly allowPrivateNetworks?: boolean;
  readonly bufferOctets?: number;
  readonly plausibility?: ClockPlausibility;
  readonly queue?: WorkQueue;
}

/** A gateway in memory, the phones that are registered with it, and the faults to come. */
export class OpenedGateway implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly log = new RecordedLog();
  readonly metrics = new RecordedMetrics();
  /** Run before each call to a store; may throw in its stead, or wait. */
  beforeObjects: (call: ObjectStoreCall) => Promise<void> | void = () => {};
  beforeRecords: (call: RecordStoreCall) => Promise<void> | void = () => {};
  /** Calls to the record store so far. */
  recordCalls = 0;
  readonly objects = new InMemoryObjectStore({ before: (call) => this.beforeObjects(call) });
  readonly records: InMemoryRecordStore;
  readonly queue: WorkQueue;
  readonly ports: GatewayPorts;
  readonly peerSessionKeys: PeerSessionKeys;
  // Set by `open`.
  declare readonly gateway: Gateway;
  declare readonly us: Peer;
  /** That of the gateway's certificate. */
  declare readonly validity: Validity;
  /** Registered, and has the endpoint `recipient`, which authorised `sender` to write to it. */
  declare readonly phone: Peer;
  declare readonly recipient: Peer;
  declare readonly sender: Peer;
  /** Registered as well. */
  declare readonly otherPhone: Peer;

  private constructor(clock: ManualClock, queue: WorkQueue) {
    this.clock = clock;
    this.queue = queue;
    this.records = new InMemoryRecordStore({
      clock,
      before: (call) => {
        this.recordCalls++;
        return this.beforeRecords(call);
      },
    });
    this.ports = {
      ...this,
      vault: new MemoryVault(identity('us')),
      signals: new InProcessSignals({ log: this.log }),
      tallies: new InProcessTallies({ clock }),
    };
    this.peerSessionKeys = new PeerSessionKeys(this);
  }

  /** @param options.openQueue - opens one that is closed with the gateway; one in memory by default */
  static async open({
    clock = new ManualClock(),
    openQueue = async () => new InMemoryWorkQueue({ clock }),
    ...options
  }: {
    readonly recordsEveryParcel?: boolean;
    readonly quotas?: QuotaSettings;
    readonly clock?: ManualClock;
    readonly openQueue?: (clock: ManualClock) => Promise<WorkQueue>;
  } = {}): Promise<OpenedGateway> {
    const opened = new OpenedGateway(clock, await openQueue(clock));
    const gateway = await openGateway(opened.ports, OWN_ADDRESS, options);
    const certificate = await gateway.identity.currentCertificate();
    const { notBefore, notAfter } = certificate;
    const validity = { notBefore, notAfter };
    const us: Peer = { ...identity('us'), certificate, issuers: [] };
    const phone = await privateGateway('phone', us, validity);
    const recipient = await endpoint('recipient', phone, validity);
    const sender = await authorisedSender('sender', recipient, validity);
    const otherPhone = await privateGateway('other phone', us, validity);
    return Object.assign(opened, { gateway, us, validity, phone, recipient, sender, otherPhone });
  }

  /** A parcel for the endpoint behind `phone`. */
  gatewayBound(fields: Partial<MessageFields> = {}, sender: Peer = this.sender) {
    return this.#message(sender, { recipient: { id: this.recipient.nodeId }, ...fields });
  }

  /** A parcel for an Internet app. */
  internetBound(fields: Partial<MessageFields> = {}, internetAddress = APP_ADDRESS) {
    const recipient = { id: identity('app').nodeId, internetAddress };
    return this.#message(this.recipient, { recipient, ...fields });
  }

  #message(sender: Peer, fields: Omit<MessageFields, 'createdAt'>): Promise<Uint8Array> {
    return messageFrom(sender, { createdAt: this.clock.now(), ...fields });
  }

  /** Starts workers as one process has them; the Internet is what `dohUrl` says. */
  startWorkers(dohUrl: URL, options: WorkersOptions = {}): Workers {
    const { drainMs = 1_000, sweepIntervalMs = 86_400_000, ...rest } = options;
    const { allowPrivateNetworks = true, bufferOctets = 64 * 1024 * 1024, ...given } = rest;
    const config: WorkersLimits = {
      delivery: {
        useTls: false,
        allowPrivateNetworks,
        dohUrl,
        overrides: new Map(),
        concurrency: 16,
        concurrencyPerDestination: 4,
        bufferOctets,
      },
      cargo: { concurrency: 1 },
      sweepIntervalMs,
      censusIntervalMs: 86_400_000,
      drainMs,
    };
    return startWorkers({ ...this.ports, ...this.gateway, ...given }, config);
  }

  /** What is held for a private gateway. */
  held({ nodeId }: Identity): Promise<string[]> {
    return this.keys(mailboxPrefix(nodeId));
  }

  /** What is bound for the Internet. */
  outbox(): Promise<string[]> {
    return this.keys(INTERNET_BOUND_PREFIX);
  }

  async keys(prefix: string): Promise<string[]> {
    return (await Array.fromAsync(this.objects.list(prefix))).map(({ key }) => key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.queue[Symbol.asyncDispose]();
    await this.ports.signals[Symbol.asyncDispose]();
  }
}
