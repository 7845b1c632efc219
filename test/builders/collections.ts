import type { NodeId } from '#awala/node-id.ts';
import { Budget } from '#bounds/budget.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { ParcelCollection } from '#gateway/parcel-collection/parcel-collection.ts';
import {
  PARCEL_COLLECTION_LIMITS,
  type ParcelCollectionLimits,
} from '#gateway/parcel-collection/parcel-collection-limits.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore, type InMemoryObjectStoreOptions } from '#object-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import type { SignalListener, Signals, Subscription } from '#signals/port.ts';

export const PRIVATE_GATEWAY: NodeId = `0${'a'.repeat(64)}`;

/** Resolves once everything that waits for neither time nor input has happened. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Signals within the process, whose subscriptions and losses the test decides. */
class SignalsUnderTest extends InProcessSignals {
  /** What each further subscription waits for before it is ready. */
  ready: (channel: string) => Promise<void> = () => Promise.resolve();
  /** Messages are lost. */
  isDeaf = false;
  openSubscriptions = 0;
  readonly #listeners = new Set<SignalListener>();

  constructor() {
    super({ log: silentLog });
  }

  /** Gets each publication, to make it when it likes, as often as it likes. */
  publishLater: ((publish: () => void) => void) | null = null;

  override publish(channel: string, message: string): void {
    const publish = () => super.publish(channel, message);
    if (this.publishLater) {
      this.publishLater(publish);
    } else if (!this.isDeaf) {
      publish();
    }
  }

  override subscribe(channel: string, listener: SignalListener): Subscription {
    const subscription = super.subscribe(channel, listener);
    this.#listeners.add(listener);
    this.openSubscriptions += 1;
    return {
      ready: this.ready(channel),
      close: () => {
        this.openSubscriptions -= this.#listeners.delete(listener) ? 1 : 0;
        subscription.close();
      },
    };
  }

  interrupted(): void {
    for (const listener of this.#listeners) {
      listener.onInterrupted();
    }
  }
}

/** A mailbox with what it stands on, and collections from it. */
export class CollectionSetting {
  readonly clock = new ManualClock();
  readonly signals = new SignalsUnderTest();
  readonly budget: Budget;
  readonly objects: InMemoryObjectStore;
  readonly mailbox: Mailbox;

  constructor(
    options: InMemoryObjectStoreOptions & {
      readonly budgetOctets?: number;
      readonly maxSignalledOctets?: number;
    } = {},
  ) {
    this.budget = new Budget(options.budgetOctets ?? 16 * 1024 * 1024);
    this.objects = new InMemoryObjectStore(options);
    const { objects, clock } = this;
    const signals: Signals = this.signals;
    const { maxSignalledOctets } = options;
    this.mailbox = new Mailbox({ objects, signals, clock, maxSignalledOctets });
  }

  /** Stores a parcel whose body is its id, filled up with dots to `octets`. */
  async store(
    parcelId: string,
    { octets = 0, lifeMs = 86_400_000, privateGateway = PRIVATE_GATEWAY } = {},
  ): Promise<void> {
    const other: NodeId = `0${'e'.repeat(64)}`;
    const parcel = { privateGateway, recipient: other, sender: other, parcelId };
    const expiresAt = new Date(this.clock.now().getTime() + lifeMs);
    await this.mailbox.store(parcel, Buffer.from(parcelId.padEnd(octets, '.')), expiresAt);
  }

  /** Stores `count` parcels named `p1`, `p2`…, whose order of delivery is not promised. */
  async storeMany(count: number, octets = 0): Promise<void> {
    for (let index = 1; index <= count; index++) {
      await this.store(`p${index}`, { octets });
    }
  }

  /** The number of parcels that are held for a private gateway. */
  async heldCount(privateGateway = PRIVATE_GATEWAY): Promise<number> {
    return (await Array.fromAsync(this.mailbox.list(privateGateway))).length;
  }

  collect(options: CollectOptions = {}): CollectionUnderTest {
    return new CollectionUnderTest(this, options);
  }
}

interface CollectOptions {
  readonly privateGateways?: readonly NodeId[];
  readonly keepAlive?: boolean;
  readonly limits?: Partial<ParcelCollectionLimits>;
  /** Awaited by each sending, before the network has taken the parcel. */
  readonly sending?: (parcel: string) => Promise<void> | void;
}

/** A collection under way, and what its peer received. */
export class CollectionUnderTest {
  /** Parcels in the order in which they were sent: the text before any dots. */
  readonly sent: string[] = [];
  /** Settles when the collection ends. */
  readonly ended: Promise<void>;
  hasEnded = false;
  readonly connection = new AbortController();
  readonly #collection: ParcelCollection;
  readonly #unacknowledged: string[] = [];

  constructor(setting: CollectionSetting, options: CollectOptions) {
    const { mailbox, clock, budget } = setting;
    this.#collection = new ParcelCollection(
      { mailbox, clock, budget, metrics: noMetrics, log: silentLog, random: () => 0.999 },
      {
        privateGateways: options.privateGateways ?? [PRIVATE_GATEWAY],
        keepAlive: options.keepAlive ?? true,
        limits: { ...PARCEL_COLLECTION_LIMITS, window: 5, ...options.limits },
        send: async (deliveryId, body) => {
          const parcel = Buffer.from(body).toString().replace(/\.+$/, '');
          this.sent.push(parcel);
          this.#unacknowledged.push(deliveryId);
          await options.sending?.(parcel);
        },
      },
    );
    this.ended = this.#collection.run(this.connection.signal);
    const noteEnd = () => {
      this.hasEnded = true;
    };
    this.ended.then(noteEnd, noteEnd);
  }

  /** Acknowledges the oldest delivery that was not; false if there is none. */
  acknowledgeOldest(): boolean {
    const deliveryId = this.#unacknowledged.shift();
    return deliveryId !== undefined && this.acknowledge(deliveryId);
  }

  acknowledge(deliveryId: string): boolean {
    return this.#collection.acknowledge(deliveryId);
  }

  windUp(): Promise<void> {
    return this.#collection.windUp();
  }

  /** Acknowledges whatever comes, until nothing more does. */
  async acknowledgeAll(): Promise<void> {
    do {
      await settled();
    } while (this.acknowledgeOldest());
  }

  disconnect(): void {
    this.connection.abort(new Error('disconnected'));
  }
}
