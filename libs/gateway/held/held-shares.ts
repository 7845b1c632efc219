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
import { type HeldAs, holderName } from './object-keys.ts';

/** Whose share of the store something takes. */
export interface Holder {
  readonly privateGateway: NodeId;
  /** Whether it has been registered for over a week. */
  readonly isEstablished: boolean;
}

/** What is about to be held. */
export interface HeldAddition {
  readonly holder: Holder;
  readonly octets: number;
  readonly as: HeldAs;
  /** Whether it was held before, in cargo that is deleted next. @default false */
  readonly isMove?: boolean;
  /** Whether it takes the place of another. @default false */
  readonly isReplacement?: boolean;
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
 * Bounds what each private gateway may have in the store, by quotas and by the room that is left: what
 * it sent, by itself or by courier; apart from that, what the Internet sent to it; and cargo.
 *
 * Whoever sends a parcel pays for it, wherever it is kept: a phone whose parcel was refused for a full
 * mailbox of another would send nothing more to anybody.
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
   * @throws {BackingUnavailableError} if the store cannot tell how much is held
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
      if (isStored && addition.as !== 'cargo') {
        this.#source.added(octets);
      }
    }
  }

  /** Hears how much a mailbox holds, apart from what is being stored there by {@link store}. */
  readonly heard = (privateGateway: NodeId, amount: HeldAmount): void => {
    this.#accounts.get(holderName(privateGateway, 'received'))?.set(amount);
  };

  #accountOf(addition: HeldAddition): HeldAccount {
    if (!this.#isCounted(addition)) {
      return new HeldAccount(NOTHING_HELD);
    }
    const name = holderName(addition.holder.privateGateway, addition.as);
    const account = this.#accounts.get(name) ?? new HeldAccount();
    this.#accounts.set(name, account);
    return account;
  }

  /** What is not counted is bounded by the sender's quotas, and by the room while it is new. */
  #isCounted({ as }: HeldAddition): boolean {
    return as === 'received' || this.#source.counts === 'everything';
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
  }

  #faultOf(account: HeldAccount, addition: HeldAddition): 'full' | 'over' | null {
    const { holder, octets, isMove = false, isReplacement = false } = addition;
    const room = this.#roomNow();
    // The disk's own reserve is the store's matter, which knows it to the octet.
    if (room && this.#settings.storeOctets > 0 && !isMove && room.leftOctets < octets) {
      return 'full';
    }
    // Acknowledgements that make room come in cargo, of newcomers too.
    const isEstablished = holder.isEstablished || addition.as === 'cargo';
    const mostOctets = mostHeldOctets(room, this.#settings, { isEstablished, isMove });
    const mostObjects = this.#settings.parcels || Number.POSITIVE_INFINITY;
    const isOneMore = !isReplacement && account.objects >= mostObjects;
    const isOver = account.octets + octets > mostOctets || isOneMore;
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
      const { holder, as } = addition;
      const read = async () =>
        (await this.#source.amountOf(holder.privateGateway, as)) ?? NOTHING_HELD;
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
