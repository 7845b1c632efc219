import { Refusal } from '#awala/errors.ts';
import type { NodeId } from '#awala/node-id.ts';
import { BackingFullError } from '#backing/errors.ts';
import { Cache } from '#bounds/cache.ts';
import type { Clock } from '#clock/clock.ts';
import { type HeldAmount, type HeldIndex, NOTHING_HELD } from '#held-index/port.ts';
import type { GatewayMetrics } from '#metrics/port.ts';
import type { ObjectStore, StoreRoom } from '#object-store/port.ts';
import { HeldAccount } from './held-account.ts';
import { type HeldSettings, isShort, mostHeldOctets } from './held-bounds.ts';
import { type HeldSource, sourceOf } from './held-source.ts';

/** For or of whom something is held. */
export interface Holder {
  readonly privateGateway: NodeId;
  /** Whether it has been registered for over a week. */
  readonly isEstablished: boolean;
}

/** What is about to be held. */
export interface HeldAddition {
  readonly holder: Holder;
  readonly octets: number;
  readonly where: 'mailbox' | 'elsewhere';
  /** Whether it was held before, in cargo that is deleted next. @default false */
  readonly isMove?: boolean;
}

interface HeldSharesParts {
  readonly objects: ObjectStore;
  readonly heldIndex?: HeldIndex | null;
  readonly clock: Clock;
  readonly metrics: Pick<GatewayMetrics, 'overShare'>;
}

/** Private gateways of which a process remembers how much is held. */
const MAX_ACCOUNTS = 10_000;
/** The room is looked at again after this. */
const ROOM_MS = 10_000;
/** Who was over its share stays so for this long, as nothing is looked at again before. */
const OVER_MS = 1_000;
/** When to come again: somebody must collect first, or something expire. */
const AGAIN_IN_MS = 600_000;

/**
 * Bounds what is held for or of each private gateway, by quotas and by the room that is left.
 *
 * @see docs/decisions/quotas-on-what-is-held.md
 */
export class HeldShares {
  readonly #source: HeldSource;
  readonly #settings: HeldSettings;
  readonly #clock: Clock;
  readonly #metrics: HeldSharesParts['metrics'];
  readonly #accounts: Cache<HeldAccount>;
  /** To the whole store since its room was looked at. */
  readonly #added = new HeldAccount();
  #room: StoreRoom | null = null;

  constructor(parts: HeldSharesParts, settings: HeldSettings) {
    this.#source = sourceOf({ heldIndex: null, ...parts }, settings.storeOctets);
    this.#settings = settings;
    this.#clock = parts.clock;
    this.#metrics = parts.metrics;
    this.#accounts = new Cache(parts.clock, MAX_ACCOUNTS);
  }

  /**
   * Stores something unless too much is held already.
   *
   * @param put - stores it; if that fails, nothing counts
   * @throws {Refusal} `over-share` if as much is held for the holder as may be now
   * @throws {BackingFullError} if only the store's reserve is left, which is for moves
   * @throws what `put` throws
   */
  async store<Result>(addition: HeldAddition, put: () => Promise<Result>): Promise<Result> {
    const { octets } = addition;
    const account = this.#accountOf(addition);
    await this.#admit(account, addition);
    let isStored = false;
    try {
      const result = await put();
      isStored = true;
      return result;
    } finally {
      account.end(octets, isStored);
      this.#added.end(octets, isStored);
    }
  }

  /** Hears how much a mailbox holds, apart from what is being stored there by {@link store}. */
  readonly heard = (privateGateway: NodeId, amount: HeldAmount): void => {
    this.#accounts.get(privateGateway)?.set(amount);
  };

  #accountOf(addition: HeldAddition): HeldAccount {
    if (!this.#isCounted(addition)) {
      return new HeldAccount(NOTHING_HELD);
    }
    const { privateGateway } = addition.holder;
    const account = this.#accounts.get(privateGateway) ?? new HeldAccount();
    this.#accounts.set(privateGateway, account);
    return account;
  }

  /** What is not counted is bounded by the room alone. */
  #isCounted({ where }: HeldAddition): boolean {
    return where === 'mailbox' || this.#source.counts === 'everything';
  }

  /** Counts it, if there is room for it. */
  async #admit(account: HeldAccount, addition: HeldAddition): Promise<void> {
    await this.#lookAtRoom(ROOM_MS);
    // Where each parcel that is stored tells how much is held, the first may go unasked.
    const asksFirst = this.#source.counts === 'everything' || isShort(this.#room, this.#settings);
    if (!account.isKnown && asksFirst) {
      await this.#look(account, addition);
    }
    if (this.#faultOf(account, addition)) {
      await Promise.all([this.#look(account, addition), this.#lookAtRoom(OVER_MS)]);
    }
    const fault = this.#faultOf(account, addition);
    if (fault === 'full') {
      throw new BackingFullError('object-store', 'the store is full, apart from its reserve');
    }
    if (fault === 'over') {
      this.#metrics.overShare('store', 'client');
      const detail = 'As much is held for this private gateway as may be for now';
      throw new Refusal('over-share', detail, { againInMs: AGAIN_IN_MS });
    }
    // At once, so that no other is admitted to the same room.
    account.add(addition.octets);
    this.#added.add(addition.octets);
    this.#source.added(addition.octets);
  }

  #faultOf(account: HeldAccount, addition: HeldAddition): 'full' | 'over' | null {
    const { holder, octets, isMove = false } = addition;
    const room = this.#roomNow();
    // The disk's own reserve is the store's matter, which knows it to the octet.
    if (room && this.#settings.storeOctets > 0 && !isMove && room.leftOctets < octets) {
      return 'full';
    }
    const { isEstablished } = holder;
    const mostOctets = mostHeldOctets(room, this.#settings, { isEstablished, isMove });
    const mostObjects = this.#settings.parcels || Number.POSITIVE_INFINITY;
    const isOver = account.octets + octets > mostOctets || account.objects >= mostObjects;
    return isOver ? 'over' : null;
  }

  /** As it was looked at, less what was stored since. */
  #roomNow(): StoreRoom | null {
    const addedOctets = this.#added.octets;
    return (
      this.#room && {
        ...this.#room,
        storedOctets: this.#room.storedOctets + addedOctets,
        leftOctets: Math.max(0, this.#room.leftOctets - addedOctets),
      }
    );
  }

  async #look(account: HeldAccount, addition: HeldAddition): Promise<void> {
    if (this.#isCounted(addition)) {
      const { privateGateway } = addition.holder;
      const read = async () => (await this.#source.amountOf(privateGateway)) ?? NOTHING_HELD;
      await account.refresh(this.#clock, OVER_MS, read);
    }
  }

  #lookAtRoom(atMostMs: number): Promise<void> {
    return this.#added.refresh(this.#clock, atMostMs, async () => {
      this.#room = await this.#source.room();
      return NOTHING_HELD;
    });
  }
}
