import { ObservedCollection, type Peer } from './observed-collection.ts';
import type { World } from './world.ts';

/**
 * A peer that collects: acknowledges what it receives, unless told to pause, and
 * when its collection fails, connects again, as phones do.
 */
export class SimulatedPeer {
  readonly #world: World;
  readonly #peer: Peer;
  readonly #unread: (() => void)[] = [];
  #collection: ObservedCollection | null = null;
  #wantsConnection = false;
  #isPaused = false;

  constructor(world: World, peer: Peer) {
    this.#world = world;
    this.#peer = peer;
  }

  get keepsCollecting(): boolean {
    return this.#peer.keepAlive && this.#wantsConnection;
  }

  get privateGateways(): Peer['privateGateways'] {
    return this.#peer.privateGateways;
  }

  connect(): void {
    this.#wantsConnection = true;
    if (!this.#collection) {
      void this.#collect();
    }
  }

  disconnect(): void {
    this.#wantsConnection = false;
    this.#unread.length = 0;
    this.#collection?.disconnect();
  }

  /** Stops acknowledging. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const acknowledge of this.#unread.splice(0)) {
      acknowledge();
    }
  }

  check(): void {
    this.#collection?.check();
  }

  async #collect(): Promise<void> {
    while (this.#wantsConnection) {
      this.#world.interleaver.note(`${this.#peer.name} connects`);
      const collection = new ObservedCollection(this.#world, this.#peer, (deliveryId) =>
        this.#onReceived(collection, deliveryId),
      );
      this.#collection = collection;
      await collection.run();
      this.#world.interleaver.note(`${this.#peer.name}'s collection has ended`);
      if (!this.#peer.keepAlive) {
        this.#wantsConnection = false;
      }
      await this.#world.interleaver.turn(`${this.#peer.name} may connect again`);
    }
    this.#collection = null;
  }

  #onReceived(collection: ObservedCollection, deliveryId: string): void {
    const acknowledge = () => {
      if (this.#world.isBrief) {
        collection.acknowledge(deliveryId);
        return;
      }
      void this.#world.interleaver
        .turn(`an acknowledgement of ${this.#peer.name} arrives`)
        .then(() => collection.acknowledge(deliveryId));
    };
    if (this.#isPaused) {
      this.#unread.push(acknowledge);
    } else {
      acknowledge();
    }
  }
}
