import type { NodeId } from '#awala/node-id.ts';
import { Budget } from '#bounds/budget.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { gatewayBoundKey } from '#gateway/held/object-keys.ts';
import type { ParcelCollectionLimits } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import { LONGEST_ACCEPTING_MS } from '#held-index/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { Faults } from './faults.ts';
import { type Choices, Interleaver, settled } from './interleaver.ts';
import { BrokenPromiseError, Ledger } from './ledger.ts';
import type { Mutant } from './mutants.ts';
import { ObservedStore, type SharedStore } from './observed-store.ts';
import {
  type Action,
  identityOf,
  type ParcelName,
  type ParcelPlan,
  type PeerPlan,
  PRIVATE_GATEWAYS,
  type PrivateGateway,
} from './scenario.ts';
import { SimulatedPeer } from './simulated-peer.ts';
import { SimulatedProcess } from './simulated-process.ts';
import { SimulatedPublisher } from './simulated-publisher.ts';
import { SimulatedSignals } from './simulated-signals.ts';
import { WatchedClock } from './watched-parts.ts';
import { CENSUS_LIMITS, WorldIndex } from './world-index.ts';

/** Small, so that few parcels reach them. */
const LIMITS: ParcelCollectionLimits = {
  window: 1,
  aheadParcels: 3,
  aheadOctets: 600,
  deletions: 2,
  stallMs: 10_000,
  acknowledgementTimeoutMs: 5 * 60_000,
  giveUpAfterMs: 5 * 60_000,
  relistMs: 15 * 60_000,
};
const BUDGET_OCTETS = 1_500;
const OCTETS_FOR_SMALL = 300;

/** Everything a run of the collection protocol takes place in. */
export class World implements SharedStore {
  readonly interleaver: Interleaver;
  readonly objects = new InMemoryObjectStore();
  readonly faults = new Faults();
  readonly subscriptionFaults = new Faults();
  readonly budget = new Budget(BUDGET_OCTETS, { forSmall: OCTETS_FOR_SMALL });
  readonly limits: ParcelCollectionLimits;
  readonly isBrief: boolean;
  readonly maxSignalledOctets: number;
  readonly mutant: Mutant;
  readonly clock: WatchedClock;
  readonly ledger: Ledger;
  readonly signals: SimulatedSignals;
  /** Complete at first. */
  readonly index: WorldIndex | null;
  readonly #time = new ManualClock();
  readonly #peers: SimulatedPeer[];
  readonly #publishers: SimulatedPublisher[] = [];
  readonly #courierMailbox: Mailbox;
  #storedCount = 0;

  constructor(options: {
    readonly choices: Choices;
    readonly peers: readonly PeerPlan[];
    readonly relists: boolean;
    /** Parcels up to this size travel with their signals; none by default. */
    readonly maxSignalledOctets?: number;
    /** Whose mailboxes an index knows; without any, the store is listed. */
    readonly indexed?: readonly PrivateGateway[];
    /** A call is answered, and a parcel acknowledged, in the very turn in which it arrives. */
    readonly isBrief?: boolean;
    readonly mutant: Mutant;
  }) {
    this.interleaver = new Interleaver(options.choices);
    this.clock = new WatchedClock(this.#time);
    this.ledger = new Ledger(this.#time);
    this.signals = new SimulatedSignals(this.interleaver, this.subscriptionFaults, (generation) =>
      this.ledger.signalled(generation),
    );
    this.limits = options.relists ? LIMITS : { ...LIMITS, relistMs: Number.POSITIVE_INFINITY };
    this.isBrief = options.isBrief ?? false;
    this.mutant = options.mutant;
    this.maxSignalledOctets = options.maxSignalledOctets ?? 0;
    const { indexed = [] } = options;
    this.index = indexed.length > 0 ? new WorldIndex(this, indexed) : null;
    this.#courierMailbox = this.#mailboxOfCourier();
    this.#peers = options.peers.map((plan, index) => this.#peer(`peer ${index}`, plan));
  }

  get faultCount(): number {
    return this.faults.count + this.subscriptionFaults.count;
  }

  /** A process that does not die. */
  process(name: string): SimulatedProcess {
    return new SimulatedProcess(name, { turns: this.interleaver, clock: this.clock });
  }

  /** Goes on until nothing moves any more; stops at the first broken promise. */
  async run(actions: readonly Action[]): Promise<void> {
    await this.interleaver.run(
      actions.map((action) => () => this.#perform(action)),
      () => this.check(),
    );
  }

  /** From now on nothing fails, every peer acknowledges, and each parcel has who collects it. */
  async calmDown(): Promise<void> {
    this.faults.clear();
    this.subscriptionFaults.clear();
    this.index?.calmDown();
    for (const peer of this.#peers) {
      peer.resume();
    }
    await this.run([]);
    for (const privateGateway of ['A', 'B'] as const) {
      if (!this.#isBeingCollected(PRIVATE_GATEWAYS[privateGateway])) {
        const plan = { privateGateways: [privateGateway], keepAlive: true, window: 2 };
        const peer = this.#peer('a late peer', plan);
        this.#peers.push(peer);
        peer.connect();
      }
    }
    await this.run([]);
  }

  async passTime(ms: number): Promise<void> {
    await this.run([{ type: 'pass time', ms }]);
  }

  /** Two censuses pass, and what each collection reads after them. */
  async settle(): Promise<void> {
    for (let count = 0; count < 2; count++) {
      await this.passTime(CENSUS_LIMITS.intervalMs + 1);
      await this.run([{ type: 'index', event: { what: 'census' } }]);
      await this.passTime(LONGEST_ACCEPTING_MS);
    }
    await this.passTime(LIMITS.relistMs);
  }

  checkAllCollected(): void {
    for (const { name } of this.ledger.held(Object.values(PRIVATE_GATEWAYS))) {
      this.ledger.breaks('nothing is lost', `${name} is not collected`);
    }
    this.check();
  }

  /** Disconnects every peer and looks at what remains. */
  async end(): Promise<void> {
    for (const peer of this.#peers) {
      peer.disconnect();
    }
    this.index?.end();
    await this.run([]);
    if (this.budget.held !== 0) {
      this.ledger.breaks('reservations are returned', `${this.budget.held} octets are held`);
    }
    if (this.signals.subscriberCount > 0) {
      this.ledger.breaks('it leaves nothing behind', 'a subscription');
    }
    if (this.clock.scheduledCount > 0) {
      this.ledger.breaks('it leaves nothing behind', 'a timer');
    }
    this.check();
  }

  #peer(name: string, plan: PeerPlan): SimulatedPeer {
    const privateGateways = plan.privateGateways.map((letter) => PRIVATE_GATEWAYS[letter]);
    return new SimulatedPeer(this, { ...plan, name, privateGateways });
  }

  /** @throws {BrokenPromiseError} the first promise that is broken by now */
  check(): void {
    for (const peer of this.#peers) {
      peer.check();
    }
    this.index?.watch.check();
    const [broken] = this.ledger.broken;
    if (broken) {
      throw new BrokenPromiseError(broken, this.interleaver.trace);
    }
  }

  #isBeingCollected(privateGateway: NodeId): boolean {
    return this.#peers.some(
      (peer) => peer.keepsCollecting && peer.privateGateways.includes(privateGateway),
    );
  }

  #perform(action: Action): Promise<void> | void {
    switch (action.type) {
      case 'store':
        this.#store(action);
        break;
      case 'index':
        this.index?.perform(action.event);
        break;
      case 'kill a publisher':
        this.#killPublisher(action);
        break;
      case 'collect by courier':
        void this.#collectByCourier(action);
        break;
      case 'acknowledge in cargo':
        void this.#acknowledgeInCargo(action);
        break;
      case 'pass time':
        return this.#pass(action.ms);
      case 'interrupt signals':
        this.interleaver.note('signals are interrupted');
        this.signals.interrupt();
        break;
      case 'duplicate a signal':
        this.signals.duplicateMessage();
        break;
      case 'lose a signal':
        this.signals.loseMessage();
        break;
      case 'fail a call':
        this.faults.add(action.moment);
        break;
      case 'fail a subscription':
        this.subscriptionFaults.add('before');
        break;
      default:
        this.#peers[action.peer]?.[action.type]();
    }
  }

  /** As with real timers, all that one sets off comes to rest before the next. */
  async #pass(ms: number): Promise<void> {
    this.interleaver.note(`${ms} ms pass`);
    const endMs = this.#time.elapsedMs() + ms;
    while (this.clock.nextDueMs <= endMs) {
      this.#time.advanceToNext();
      await settled();
    }
    this.#time.advance(endMs - this.#time.elapsedMs());
  }

  #store(parcel: ParcelPlan): void {
    this.#storedCount += 1;
    const name = `${parcel.to}${parcel.parcel}-v${this.#storedCount}`;
    const publisher = new SimulatedPublisher(this, `publisher ${this.#storedCount}`);
    this.#publishers.push(publisher);
    this.index?.watch.publishes(name, publisher);
    void publisher.store(parcel, name);
  }

  #killPublisher({ which, arrives }: { which: number; arrives: boolean }): void {
    const busy = this.#publishers.filter(({ isBusy }) => isBusy);
    const publisher = busy[which % busy.length];
    if (publisher) {
      this.interleaver.note(`${publisher.process.name} dies`);
      publisher.process.kill(arrives);
    }
  }

  /** Deletes the generation that is stored by now. */
  async #collectByCourier(parcel: ParcelName): Promise<void> {
    const key = gatewayBoundKey(identityOf(parcel));
    const stored = this.ledger.held([PRIVATE_GATEWAYS[parcel.to]]).find((held) => held.key === key);
    try {
      await (stored && this.#courierMailbox.remove({ ...stored, token: null }));
    } catch (error) {
      this.interleaver.note(`the courier's acknowledgement fails: ${error}`);
    }
  }

  /** Deletes whichever generation is stored, then. */
  async #acknowledgeInCargo(parcel: ParcelName): Promise<void> {
    try {
      await this.#courierMailbox.acknowledge(identityOf(parcel));
    } catch (error) {
      this.interleaver.note(`the acknowledgement in cargo fails: ${error}`);
    }
  }

  #mailboxOfCourier(): Mailbox {
    const process = this.process('courier');
    const objects = new ObservedStore(this, process);
    const index = this.index?.of(process) ?? null;
    const heldIndex = index && (this.mutant.index?.(index) ?? index);
    return new Mailbox({ objects, signals: this.signals, heldIndex, clock: this.clock });
  }
}
