import type { NodeId } from '#awala/node-id.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import { ADDING_MS, type HeldAmount, type HeldIndex } from '#held-index/port.ts';
import type { Holdings, ObjectStore, StoreRoom } from '#object-store/port.ts';
import { roomWithin } from './held-bounds.ts';
import { type HeldAs, holderName } from './object-keys.ts';

/** Tells how much is held, and how much room there is. */
export interface HeldSource {
  /** Whether all that is held counts, or mailboxes only, for what the Internet sends to them. */
  readonly counts: 'everything' | 'mailboxes';
  /**
   * How much a private gateway holds; of what it received, all in its mailbox where only that counts.
   *
   * @returns null if it is not known
   * @throws {BackingUnavailableError}
   */
  amountOf(privateGateway: NodeId, as: HeldAs): Promise<HeldAmount | null>;
  /**
   * @returns null if it is not known, or has no bound
   * @throws {BackingUnavailableError}
   */
  room(): Promise<StoreRoom | null>;
  /** Hears of what this process stored, but for cargo, whose parcels come next. */
  added(octets: number): void;
}

/** A store that tells its {@link Holdings}. */
type TellingStore = Required<Pick<ObjectStore, 'holdings'>>;

/**
 * The store, if it can tell.
 *
 * @param storeOctets - what the store may be given in all; 0 for its whole disk
 */
export function sourceOf(
  {
    objects,
    heldIndex,
    clock,
  }: { objects: ObjectStore; heldIndex: HeldIndex | null; clock: Clock },
  storeOctets: number,
): HeldSource {
  return tells(objects)
    ? new StoreSource(objects, storeOctets)
    : new IndexSource(heldIndex, storeOctets, clock);
}

function tells(objects: ObjectStore): objects is ObjectStore & TellingStore {
  return objects.holdings !== undefined;
}

/** A store on this machine's disk. */
class StoreSource implements HeldSource {
  readonly counts = 'everything';
  readonly #objects: TellingStore;
  readonly #storeOctets: number;

  constructor(objects: TellingStore, storeOctets: number) {
    this.#objects = objects;
    this.#storeOctets = storeOctets;
  }

  amountOf(privateGateway: NodeId, as: HeldAs): Promise<Holdings> {
    return this.#objects.holdings(holderName(privateGateway, as));
  }

  async room(): Promise<StoreRoom | null> {
    const { room } = await this.#objects.holdings('');
    if (!room || this.#storeOctets === 0) {
      return room;
    }
    const given = roomWithin(this.#storeOctets, room.storedOctets);
    return given.leftOctets < room.leftOctets ? given : room;
  }

  added(): void {}
}

/** The longest interval between censuses: what was stored before that, the last one counted. */
const CENSUS_MS = 1_800_000;

/**
 * A bucket, of which an index tells what mailboxes hold. What all hold is as the last census found
 * it, and what this process stored since.
 */
class IndexSource implements HeldSource {
  readonly counts = 'mailboxes';
  readonly #index: HeldIndex | null;
  readonly #storeOctets: number;
  readonly #clock: Clock;
  #countedOctets: number | null = null;
  #spanBeganAtMs: number;
  #addedOctets = { now: 0, before: 0 };

  constructor(index: HeldIndex | null, storeOctets: number, clock: Clock) {
    this.#index = index;
    this.#storeOctets = storeOctets;
    this.#clock = clock;
    this.#spanBeganAtMs = clock.elapsedMs();
  }

  async amountOf(privateGateway: NodeId): Promise<HeldAmount | null> {
    return this.#inTime(this.#index?.totalsOf(privateGateway) ?? null);
  }

  async room(): Promise<StoreRoom | null> {
    if (this.#storeOctets === 0 || !this.#index) {
      return null;
    }
    await this.#inTime(this.#count(this.#index));
    if (this.#countedOctets === null) {
      return null;
    }
    this.#turn();
    const { now, before } = this.#addedOctets;
    return roomWithin(this.#storeOctets, this.#countedOctets + now + before);
  }

  async #count(index: HeldIndex): Promise<null> {
    try {
      this.#countedOctets = (await index.totals())?.octets ?? this.#countedOctets;
    } catch (error) {
      if (!(error instanceof BackingUnavailableError)) {
        throw error;
      }
      // What was counted before is still a good guess.
    }
    return null;
  }

  /** No parcel waits longer for an index that is slow. */
  #inTime<Result>(asking: Promise<Result> | null): Promise<Result | null> {
    return asking === null
      ? Promise.resolve(null)
      : inTime(this.#clock, ADDING_MS, asking, () => null);
  }

  added(octets: number): void {
    this.#turn();
    this.#addedOctets.now += octets;
  }

  /** Forgets what the last census must have counted. */
  #turn(): void {
    const passedMs = this.#clock.elapsedMs() - this.#spanBeganAtMs;
    if (passedMs >= CENSUS_MS) {
      const { now } = this.#addedOctets;
      this.#addedOctets = { now: 0, before: passedMs < 2 * CENSUS_MS ? now : 0 };
      this.#spanBeganAtMs = this.#clock.elapsedMs();
    }
  }
}
