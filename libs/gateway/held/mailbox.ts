import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type {
  Announcement,
  HeldAmount,
  HeldIndex,
  IndexEntry,
  IndexedObject,
  Token,
} from '#held-index/port.ts';
import { type Log, silentLog } from '#log/log.ts';
import { logStep } from '#log/steps.ts';
import { type GatewayMetrics, noMetrics } from '#metrics/port.ts';
import type {
  CallPatience,
  Generation,
  ObjectEntry,
  ObjectKey,
  ObjectStore,
  StoredObject,
  StoringOptions,
} from '#object-store/port.ts';
import type { Signals, Subscription } from '#signals/port.ts';
import { decodeArrival, encodeArrival } from './arrival-signal.ts';
import {
  formerGatewayBoundKey,
  gatewayBoundKey,
  holderName,
  mailboxPrefix,
  nameInMailbox,
  type ParcelIdentity,
  privateGatewayOf,
} from './object-keys.ts';
import { StaleEntries } from './stale-entries.ts';

/**
 * Where a put is answered later than this, its parcel does not travel with the signal: a phone may
 * have collected and acknowledged it meanwhile, and would get it again.
 */
const PROMPT_MS = 1_000;

/** Where there is no index. */
const NO_ANNOUNCEMENT: Announcement = {
  token: null,
  isMissing: false,
  held: null,
  late: null,
};

/** A parcel that is held for a private gateway; its body is still in the store. */
export interface HeldParcel extends Omit<ObjectEntry, 'generation'> {
  /** Null where only the index was read, which knows of no generation. */
  readonly generation: Generation | null;
  /**
   * Names the parcel's entry in the index; null if there is none, or it is not known whether the
   * entry is of this generation.
   */
  readonly token: Token | null;
  /** Whether what is stored by now cannot be older than the entry; see {@link IndexEntry}. */
  readonly isSettled: boolean;
}

/** A held parcel whose generation is known, since it was fetched. */
export type StoredParcel = HeldParcel & { readonly generation: Generation };

/** Hears of arrivals; calls come in order and must not throw. */
export interface ArrivalListener {
  /** @param body - the parcel, if its signal brought it */
  onArrival(parcel: StoredParcel, body: Uint8Array | null): void;
  /** Arrivals may have been missed: list again. */
  onInterrupted(): void;
}

/**
 * The parcels held for each private gateway, until they are collected or expire.
 *
 * The object store is the truth; a signal to the private gateway's channel tells its collectors
 * that a parcel was stored. An index, if there is one, tells what is held without listing the
 * store: a parcel is announced to it before it is stored, and forgotten after it is deleted.
 */
export class Mailbox {
  readonly #objects: ObjectStore;
  readonly #signals: Signals;
  readonly #index: HeldIndex | null;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #maxSignalledOctets: number;
  readonly #metrics: Pick<GatewayMetrics, 'parcelNotIndexed'>;
  readonly #stale: StaleEntries;
  readonly #onHeld: (privateGateway: NodeId, amount: HeldAmount) => void;

  /**
   * @param parts.heldIndex - null, as by default, where the store is listed instead
   * @param parts.onHeld - hears how much a mailbox holds before a parcel, where there is an index
   * @param parts.maxSignalledOctets - parcels up to this size travel with their signals; none by
   *   default
   */
  constructor(parts: {
    readonly objects: ObjectStore;
    readonly signals: Signals;
    readonly heldIndex?: HeldIndex | null;
    readonly maxSignalledOctets?: number | undefined;
    readonly onHeld?: (privateGateway: NodeId, amount: HeldAmount) => void;
    readonly clock: Clock;
    readonly log?: Log;
    readonly metrics?: Pick<GatewayMetrics, 'parcelNotIndexed'>;
  }) {
    this.#objects = parts.objects;
    this.#signals = parts.signals;
    this.#index = parts.heldIndex ?? null;
    this.#maxSignalledOctets = parts.maxSignalledOctets ?? 0;
    this.#clock = parts.clock;
    this.#log = parts.log ?? silentLog;
    this.#metrics = parts.metrics ?? noMetrics;
    this.#onHeld = parts.onHeld ?? (() => {});
    this.#stale = new StaleEntries(parts.clock);
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
    const { privateGateway } = parcel;
    const key = gatewayBoundKey(parcel);
    const sizeOctets = octets.byteLength;
    const announced = { name: nameInMailbox(key, privateGateway), sizeOctets, expiresAt };
    const { token, late, held: all } = await this.#announce(privateGateway, announced);
    if (all) {
      this.#onHeld(privateGateway, {
        objects: all.objects - 1,
        octets: all.octets - sizeOctets,
      });
    }
    const beganAtMs = this.#clock.elapsedMs();
    const generation = await this.#objects.put(key, octets, {
      expiresAt,
      holder: holderName(privateGateway, 'received'),
      ...options,
    });
    const isPrompt = this.#clock.elapsedMs() - beganAtMs <= PROMPT_MS;
    logStep(this.#log, 'stored', key, { octets: sizeOctets, generation });
    const storedAt = this.#clock.now();
    const held = { key, generation, token, isSettled: false, sizeOctets, expiresAt, storedAt };
    const isSmall = sizeOctets <= this.#maxSignalledOctets;
    this.signal(privateGateway, held, isSmall && isPrompt ? octets : null);
    void late?.then((announcement) => {
      if (!this.#noted(announcement).isMissing) {
        this.signal(privateGateway, { ...held, token: announcement.token });
      }
    });
    return key;
  }

  async #announce(privateGateway: NodeId, parcel: IndexedObject): Promise<Announcement> {
    if (!this.#index) {
      return NO_ANNOUNCEMENT;
    }
    return this.#noted(await this.#index.add(privateGateway, parcel));
  }

  #noted(announcement: Announcement): Announcement {
    if (announcement.isMissing) {
      this.#metrics.parcelNotIndexed();
    }
    return announcement;
  }

  /**
   * Tells collectors of a parcel that is stored.
   *
   * @param body - travels with the signal, unless that may have arrived before
   */
  signal(privateGateway: NodeId, parcel: StoredParcel, body: Uint8Array | null = null): void {
    const channel = arrivalsChannel(privateGateway);
    const key = encodeArrival(parcel);
    this.#signals.publish(channel, body ? encodeArrival(parcel, body) : key, key);
    logStep(this.#log, 'signalled', parcel.key);
  }

  /**
   * Yields what is held, expired or not, in ascending order of key: by the index where it is
   * complete and mostly right, or else as {@link listStored}. What the index names may be gone, or not
   * be stored yet.
   *
   * @param options.startAfter - yields only greater keys
   */
  async *list(
    privateGateway: NodeId,
    options: { startAfter?: ObjectKey; signal?: AbortSignal } & CallPatience = {},
  ): AsyncIterable<HeldParcel> {
    options.signal?.throwIfAborted();
    const isRight = !this.#stale.areMany(privateGateway);
    const entries = isRight ? await this.#index?.read(privateGateway) : null;
    if (!entries) {
      yield* this.listStored(privateGateway, options);
      return;
    }
    for (const entry of entries) {
      options.signal?.throwIfAborted();
      const parcel = heldParcel(entry, privateGateway);
      if (parcel.key > (options.startAfter ?? '')) {
        yield parcel;
      }
    }
  }

  /** Lists the store for what {@link list} yields. */
  async *listStored(
    privateGateway: NodeId,
    options: { startAfter?: ObjectKey; signal?: AbortSignal } & CallPatience = {},
  ): AsyncIterable<StoredParcel> {
    for await (const entry of this.#objects.list(mailboxPrefix(privateGateway), options)) {
      yield storedParcelOf(entry);
    }
  }

  /** Reads the parcel as stored now, perhaps a newer generation than the one given. */
  async fetch(
    { key, generation }: HeldParcel,
    patience?: CallPatience,
  ): Promise<StoredObject | null> {
    const stored = await this.#objects.get(key, patience);
    // Only the index names parcels without their generation.
    const privateGateway = !stored && generation === null ? privateGatewayOf(key) : null;
    if (privateGateway) {
      this.#stale.found(privateGateway);
    }
    return stored;
  }

  /** Deletes exactly this generation: a newer parcel under the same key stays. */
  async remove(
    { key, generation, token }: Pick<StoredParcel, 'key' | 'generation' | 'token'>,
    patience?: CallPatience,
  ): Promise<void> {
    if (await this.#objects.delete(key, { generation, ...patience })) {
      logStep(this.#log, 'deleted', key, { generation });
    }
    const privateGateway = privateGatewayOf(key);
    if (token !== null && privateGateway) {
      await this.#index?.remove(privateGateway, nameInMailbox(key, privateGateway), token);
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
    return (
      (await this.#forget(key, parcel)) ||
      (await this.#forget(formerGatewayBoundKey(parcel), parcel))
    );
  }

  /**
   * Deletes a parcel that is held for a private gateway, in whichever generation is stored, though
   * nobody collected it.
   *
   * @returns whether it was held
   */
  discard(key: ObjectKey, privateGateway: NodeId): Promise<boolean> {
    return this.#forget(key, { privateGateway });
  }

  async #forget(
    key: ObjectKey,
    { privateGateway }: Pick<ParcelIdentity, 'privateGateway'>,
  ): Promise<boolean> {
    const name = nameInMailbox(key, privateGateway);
    // Looked up first: a parcel that replaces it from now on has an entry of its own.
    const entry = await this.#index?.find(privateGateway, name);
    const wasHeld = await this.#objects.delete(key);
    if (wasHeld) {
      logStep(this.#log, 'deleted', key);
    }
    if (entry?.isSettled) {
      await this.#index?.remove(privateGateway, name, entry.token);
    }
    return wasHeld;
  }

  subscribe(privateGateway: NodeId, listener: ArrivalListener): Subscription {
    return this.#signals.subscribe(arrivalsChannel(privateGateway), {
      onMessage(message) {
        const arrival = decodeArrival(message, privateGateway);
        if (arrival) {
          listener.onArrival(arrival.parcel, arrival.body);
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

/** What a listing says of a parcel. */
export function storedParcelOf(entry: ObjectEntry): StoredParcel {
  return { ...entry, token: null, isSettled: true };
}

function heldParcel({ name, addedAt, ...entry }: IndexEntry, privateGateway: NodeId): HeldParcel {
  const key = `${mailboxPrefix(privateGateway)}${name}`;
  return { ...entry, key, generation: null, storedAt: addedAt };
}
