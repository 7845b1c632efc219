import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { type Log, silentLog } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import type {
  CallPatience,
  ObjectEntry,
  ObjectKey,
  ObjectStore,
  StoredObject,
  StoringOptions,
} from '#object-store/port.ts';
import type { Signals, Subscription } from '#signals/port.ts';
import { gatewayBoundKey, mailboxPrefix, type ParcelIdentity } from './object-keys.ts';

/** A parcel that is held for a private gateway; its body is still in the store. */
export type HeldParcel = ObjectEntry;

/** Hears of arrivals; calls come in order and must not throw. */
export interface ArrivalListener {
  onArrival(parcel: HeldParcel): void;
  /** Arrivals may have been missed: list again. */
  onInterrupted(): void;
}

/**
 * The parcels held for each private gateway, until they are collected or expire.
 *
 * The object store is the truth; a signal to the private gateway's channel tells its collectors
 * that a parcel was stored.
 */
export class Mailbox {
  readonly #objects: ObjectStore;
  readonly #signals: Signals;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(parts: {
    readonly objects: ObjectStore;
    readonly signals: Signals;
    readonly clock: Clock;
    readonly log?: Log;
  }) {
    this.#objects = parts.objects;
    this.#signals = parts.signals;
    this.#clock = parts.clock;
    this.#log = parts.log ?? silentLog;
  }

  /**
   * Stores a parcel, replacing one with the same sender, recipient and parcel id, and tells its
   * collectors. Durable once it resolves.
   *
   * @returns where it is stored
   * @throws {BackingError} if it could not be stored
   */
  async store(
    parcel: ParcelIdentity,
    octets: Uint8Array,
    expiresAt: Date,
    options?: StoringOptions,
  ): Promise<ObjectKey> {
    const key = gatewayBoundKey(parcel);
    const generation = await this.#objects.put(key, octets, { expiresAt, ...options });
    logStep(this.#log, 'stored', key, { octets: octets.byteLength, generation });
    const held: HeldParcel = {
      key,
      generation,
      sizeOctets: octets.byteLength,
      expiresAt,
      storedAt: this.#clock.now(),
    };
    this.#signals.publish(arrivalsChannel(parcel.privateGateway), encodeArrival(held));
    logStep(this.#log, 'signalled', key);
    return key;
  }

  /**
   * Yields what is stored, expired or not, in ascending order of key.
   *
   * @param options.startAfter - yields only greater keys
   */
  list(
    privateGateway: NodeId,
    options: { startAfter?: ObjectKey; signal?: AbortSignal } & CallPatience = {},
  ): AsyncIterable<HeldParcel> {
    return this.#objects.list(mailboxPrefix(privateGateway), options);
  }

  /** Reads the parcel as stored now, perhaps a newer generation than the one given. */
  fetch(parcel: HeldParcel, patience?: CallPatience): Promise<StoredObject | null> {
    return this.#objects.get(parcel.key, patience);
  }

  /** Deletes exactly this generation: a newer parcel under the same key stays. */
  async remove(
    { key, generation }: Pick<HeldParcel, 'key' | 'generation'>,
    patience?: CallPatience,
  ): Promise<void> {
    if (await this.#objects.delete(key, { generation, ...patience })) {
      logStep(this.#log, 'deleted', key, { generation });
    }
  }

  /**
   * Deletes a parcel that its private gateway acknowledged in a cargo, in whichever generation is
   * stored, since acknowledgements name none.
   *
   * @param parcel.privateGateway - who acknowledged it
   * @returns whether the parcel was held for that private gateway
   */
  async acknowledge(parcel: ParcelIdentity): Promise<boolean> {
    const key = gatewayBoundKey(parcel);
    logStep(this.#log, 'acknowledged', key, { road: 'cargo', peer: parcel.privateGateway });
    const wasHeld = await this.#objects.delete(key);
    if (wasHeld) {
      logStep(this.#log, 'deleted', key);
    }
    return wasHeld;
  }

  subscribe(privateGateway: NodeId, listener: ArrivalListener): Subscription {
    return this.#signals.subscribe(arrivalsChannel(privateGateway), {
      onMessage(message) {
        const parcel = decodeArrival(message, privateGateway);
        if (parcel) {
          listener.onArrival(parcel);
        } else {
          listener.onInterrupted();
        }
      },
      onInterrupted: () => listener.onInterrupted(),
    });
  }
}

function arrivalsChannel(privateGateway: NodeId): string {
  return `arrivals/${privateGateway}`;
}

function encodeArrival(parcel: HeldParcel): string {
  return [
    parcel.generation,
    parcel.sizeOctets,
    parcel.expiresAt.getTime(),
    parcel.storedAt.getTime(),
    parcel.key,
  ].join(' ');
}

const ARRIVAL =
  /^(?<generation>\S+) (?<size>\d{1,9}) (?<expiry>\d{1,15}) (?<stored>\d{1,15}) (?<key>\S+)$/;

/** @returns null for a signal of another version of this gateway that cannot be read */
function decodeArrival(message: string, privateGateway: NodeId): HeldParcel | null {
  const fields = ARRIVAL.exec(message)?.groups;
  if (!fields?.key?.startsWith(mailboxPrefix(privateGateway)) || !fields.generation) {
    return null;
  }
  return {
    key: fields.key,
    generation: fields.generation,
    sizeOctets: Number(fields.size),
    expiresAt: new Date(Number(fields.expiry)),
    storedAt: new Date(Number(fields.stored)),
  };
}
