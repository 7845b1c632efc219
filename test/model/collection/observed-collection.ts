import { getEventListeners } from 'node:events';
import { isRefusal } from '#awala/errors.ts';
import type { NodeId } from '#awala/node-id.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { ParcelCollection } from '#gateway/parcel-collection/parcel-collection.ts';
import type { ParcelCollectionLimits } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import type { Generation } from '#object-store/port.ts';
import type { StoredGeneration } from './ledger.ts';
import { ObservedStore } from './observed-store.ts';
import { MAX_PARCEL_OCTETS } from './scenario.ts';
import { WatchedBudget } from './watched-parts.ts';
import type { World } from './world.ts';

export interface Peer {
  readonly name: string;
  readonly privateGateways: readonly NodeId[];
  readonly keepAlive: boolean;
  readonly window: number;
}

class Disconnected extends Error {}

/** A real collection for one connection of a peer, held to its promises at each step. */
export class ObservedCollection {
  readonly #world: World;
  readonly #peer: Peer;
  readonly #onReceived: (deliveryId: string) => void;
  readonly #collection: ParcelCollection;
  readonly #budget: WatchedBudget;
  readonly #limits: ParcelCollectionLimits;
  readonly #connection = new AbortController();

  readonly #unacknowledged = new Map<string, StoredGeneration>();
  readonly #sent = new Set<Generation>();
  readonly #acknowledged = new Set<StoredGeneration>();
  readonly #beganAt: number;
  readonly #beganMs: number;
  readonly #faultsBefore: number;
  #lastHeardMs: number;
  #wasOverdue = false;
  #isSending = false;
  #hasEnded = false;

  constructor(world: World, peer: Peer, onReceived: (deliveryId: string) => void) {
    this.#world = world;
    this.#peer = peer;
    this.#onReceived = onReceived;
    this.#beganAt = world.ledger.position;
    this.#beganMs = world.clock.elapsedMs();
    this.#faultsBefore = world.faultCount;
    this.#lastHeardMs = world.clock.now().getTime();
    this.#budget = new WatchedBudget(world.budget);
    this.#limits = { ...world.limits, window: peer.window };
    const { clock, mutant } = world;
    const process = world.process(peer.name);
    const onDeleted = (deleted: StoredGeneration) => this.#onDeleted(deleted);
    const objects = new ObservedStore(world, process, { onDeleted });
    const index = world.index?.of(process) ?? null;
    const heldIndex = index && (mutant.index?.(index) ?? index);
    const parts = { objects, signals: world.signals, heldIndex, clock };
    const mailbox = mutant.mailbox?.(parts) ?? new Mailbox(parts);
    this.#collection = new ParcelCollection(
      {
        mailbox,
        clock: mutant.clock?.(clock) ?? clock,
        metrics: noMetrics,
        log: silentLog,
        budget: this.#budget,
      },
      {
        privateGateways: peer.privateGateways,
        keepAlive: peer.keepAlive,
        limits: { ...this.#limits, ...mutant.limits },
        send: (deliveryId, body) => this.#send(deliveryId, body),
      },
    );
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Resolves when the collection has ended, however it did. */
  async run(): Promise<void> {
    const { signal } = this.#connection;
    try {
      await this.#collection.run(signal);
      this.#hasEnded = true;
      this.#checkCompletion();
    } catch (error) {
      this.#hasEnded = true;
      this.#checkFailure(error);
    }
    this.#checkRemains();
  }

  disconnect(): void {
    this.#connection.abort(new Disconnected());
  }

  acknowledge(deliveryId: string): void {
    const acknowledged = this.#unacknowledged.get(deliveryId);
    if (this.#hasEnded || this.#connection.signal.aborted || !acknowledged) {
      return;
    }
    this.#world.interleaver.note(`${this.#peer.name} acknowledges ${acknowledged.name}`);
    this.#hear();
    this.#unacknowledged.delete(deliveryId);
    acknowledged.acknowledged = true;
    this.#acknowledged.add(acknowledged);
    if (!this.#collection.acknowledge(deliveryId)) {
      this.#breaks('what was acknowledged is deleted', `${acknowledged.name} was not taken`);
    }
  }

  /** To be called at each moment between two turns. */
  check(): void {
    const { aheadParcels, aheadOctets } = this.#limits;
    const octetsAllowed = Math.max(aheadOctets, MAX_PARCEL_OCTETS) + MAX_PARCEL_OCTETS;
    const { parcels, octets } = this.#budget;
    if (parcels > aheadParcels + 1 || octets > octetsAllowed) {
      this.#breaks('what is fetched ahead is bounded', `${parcels} parcels, ${octets} octets`);
    }
  }

  async #send(deliveryId: string, body: Uint8Array): Promise<void> {
    const sent = this.#world.ledger.generationOf(body);
    this.#world.interleaver.note(`${this.#peer.name} is being sent ${sent.name}`);
    this.#checkSending(sent, body);
    this.#sent.add(sent.generation);
    this.#unacknowledged.set(deliveryId, sent);
    this.#isSending = true;
    void this.#receive(deliveryId, sent);
    await this.#world.interleaver.turn(`the network took ${sent.name}`);
    this.#hear();
    this.#isSending = false;
    if (this.#connection.signal.aborted) {
      throw new Disconnected();
    }
  }

  async #receive(deliveryId: string, { name }: StoredGeneration): Promise<void> {
    await this.#world.interleaver.turn(`${this.#peer.name} receives ${name}`);
    if (!this.#connection.signal.aborted) {
      this.#onReceived(deliveryId);
    }
  }

  #checkSending(sent: StoredGeneration, body: Uint8Array): void {
    const { ledger } = this.#world;
    if (this.#hasEnded || this.#connection.signal.aborted) {
      this.#breaks('it leaves nothing behind', `${sent.name} is sent after the end`);
    }
    if (this.#isSending) {
      this.#breaks('deliveries are sent one at a time', sent.name);
    }
    if (this.#unacknowledged.size >= this.#limits.window) {
      this.#breaks('the window holds', sent.name);
    }
    if (!this.#peer.privateGateways.includes(sent.privateGateway)) {
      this.#breaks('nothing goes to another peer', sent.name);
    }
    if (ledger.isExpired(sent)) {
      this.#breaks('nothing expired is sent', sent.name);
    }
    if (this.#wasCollected(sent)) {
      this.#breaks('nothing acknowledged is sent again', sent.name);
    } else if (this.#sent.has(sent.generation)) {
      this.#breaks('each generation is sent once per collection', sent.name);
    }
    if (this.#budget.reservedOctets < body.byteLength) {
      const how = `${sent.name}: ${this.#budget.reservedOctets} of ${body.byteLength} octets`;
      this.#breaks('memory is reserved before it is used', how);
    }
  }

  /**
   * Whether it was acknowledged here, or deleted after an acknowledgement before this began: unless
   * its sender heard only then that it was stored, and sent its body with the signal.
   */
  #wasCollected(sent: StoredGeneration): boolean {
    const { goneSince, signalledAt } = sent;
    const isHistory = goneSince !== null && goneSince <= this.#beganAt;
    const isLate = goneSince !== null && signalledAt !== null && goneSince <= signalledAt;
    return this.#acknowledged.has(sent) || (sent.acknowledged && isHistory && !isLate);
  }

  #onDeleted(deleted: StoredGeneration): void {
    if (!this.#acknowledged.has(deleted)) {
      this.#breaks('only what was acknowledged is deleted', deleted.name);
    }
  }

  #checkCompletion(): void {
    const held = this.#world.ledger
      .held(this.#peer.privateGateways)
      .filter(({ since, wasOverlooked }) => since <= this.#beganAt && !wasOverlooked);
    if (this.#peer.keepAlive) {
      this.#breaks('it ends only for a reason', 'it was to be kept alive');
    }
    if (held.length + this.#unacknowledged.size > 0 || this.#isSending) {
      const left = [...held, ...this.#unacknowledged.values()].map(({ name }) => name);
      this.#breaks('it completes only when all is acknowledged', left.join(', '));
    }
  }

  #checkFailure(error: unknown): void {
    this.#hear();
    const isExpected =
      (error instanceof Disconnected && this.#connection.signal.aborted) ||
      (isRefusal(error, 'acknowledgement-overdue') && this.#wasOverdue) ||
      (error instanceof BackingUnavailableError && this.#mayGiveUp());
    if (!isExpected) {
      this.#breaks('it ends only for a reason', String(error));
    }
  }

  /** Two faults in a row may be all that happened for long enough. */
  #mayGiveUp(): boolean {
    const agoMs = this.#world.clock.elapsedMs() - this.#beganMs;
    return this.#hadFault() && agoMs >= this.#limits.giveUpAfterMs;
  }

  /** The peer gave a sign, or it is too late for one. */
  #hear(): void {
    const nowMs = this.#world.clock.now().getTime();
    const isOverdue = nowMs - this.#lastHeardMs >= this.#limits.acknowledgementTimeoutMs;
    this.#wasOverdue ||= isOverdue && this.#unacknowledged.size > 0;
    this.#lastHeardMs = nowMs;
  }

  #checkRemains(): void {
    if (getEventListeners(this.#connection.signal, 'abort').length > 0) {
      this.#breaks('it leaves nothing behind', 'a listener on the signal');
    }
    const left = [...this.#acknowledged].filter(({ goneSince }) => goneSince === null);
    if (left.length > 0 && !this.#hadFault()) {
      const names = left.map(({ name }) => name);
      this.#breaks('what was acknowledged is deleted', names.join(', '));
    }
  }

  #hadFault(): boolean {
    return this.#world.faultCount > this.#faultsBefore;
  }

  #breaks(...broken: Parameters<World['ledger']['breaks']>): void {
    this.#world.ledger.breaks(broken[0], `${this.#peer.name}: ${broken[1]}`);
  }
}
