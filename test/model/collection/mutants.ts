import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { type ArrivalListener, type HeldParcel, Mailbox } from '#gateway/held/mailbox.ts';
import type { ParcelCollectionLimits } from '#gateway/parcel-collection/parcel-collection-limits.ts';
import type { HeldIndex } from '#held-index/port.ts';
import type { ObjectStore, StoredObject } from '#object-store/port.ts';
import type { Signals, Subscription } from '#signals/port.ts';
import type { ServerRules } from './index-server.ts';
import { PRIVATE_GATEWAYS } from './scenario.ts';

/** What a mailbox is given. */
export interface MailboxParts {
  readonly objects: ObjectStore;
  readonly signals: Signals;
  readonly heldIndex: HeldIndex | null;
  readonly clock: Clock;
}

/** A fault put into the collection from outside, by what it is given. */
export interface Mutant {
  readonly mailbox?: (parts: MailboxParts) => Mailbox;
  /** Of those who store parcels. */
  readonly publisher?: (parts: MailboxParts) => Mailbox;
  /** Of collections and censuses. */
  readonly index?: (index: HeldIndex) => HeldIndex;
  readonly server?: Partial<ServerRules>;
  /** Whether an announcement that was not confirmed is withdrawn. @default true */
  readonly withdraws?: boolean;
  readonly clock?: (clock: Clock) => Clock;
  readonly limits?: Partial<ParcelCollectionLimits>;
}

/** The collection as it is. */
export const NO_MUTANT: Mutant = {};

type ListOptions = { signal?: AbortSignal };

/** Subscribes in truth only once a listing was read to its end. */
export class LateSubscriber extends Mailbox {
  readonly #waiting: (() => void)[] = [];

  override subscribe(privateGateway: NodeId, listener: ArrivalListener): Subscription {
    let close = () => {
      this.#waiting.splice(this.#waiting.indexOf(subscribe), 1);
    };
    const subscribe = () => {
      const subscription = super.subscribe(privateGateway, listener);
      subscription.ready.catch(() => {});
      close = () => subscription.close();
    };
    this.#waiting.push(subscribe);
    return { ready: Promise.resolve(), close: () => close() };
  }

  override async *list(privateGateway: NodeId, options?: ListOptions): AsyncIterable<HeldParcel> {
    yield* super.list(privateGateway, options);
    for (const subscribe of this.#waiting.splice(0)) {
      subscribe();
    }
  }
}

/** Lists without waiting until the subscription stands. */
export class HastyLister extends Mailbox {
  override subscribe(privateGateway: NodeId, listener: ArrivalListener): Subscription {
    const subscription = super.subscribe(privateGateway, listener);
    subscription.ready.catch(() => {});
    return { ready: Promise.resolve(), close: () => subscription.close() };
  }
}

/** Is not told of interruptions, or of arrivals. */
export class DeafSubscriber extends Mailbox {
  readonly #deafTo: keyof ArrivalListener;

  constructor(parts: MailboxParts, deafTo: keyof ArrivalListener) {
    super(parts);
    this.#deafTo = deafTo;
  }

  override subscribe(privateGateway: NodeId, listener: ArrivalListener): Subscription {
    return super.subscribe(privateGateway, {
      onArrival: (parcel, body) => listener.onArrival(parcel, body),
      onInterrupted: () => listener.onInterrupted(),
      [this.#deafTo]: () => {},
    });
  }
}

/** Deletes whatever is stored under the key by then. */
export class AnyGenerationRemover extends Mailbox {
  readonly #objects: ObjectStore;

  constructor(parts: MailboxParts) {
    super(parts);
    this.#objects = parts.objects;
  }

  override async remove({ key }: { key: string }): Promise<void> {
    await this.#objects.delete(key);
  }
}

/** Takes what it fetched for what was listed, although it may be newer. */
export class GenerationConfuser extends Mailbox {
  override async fetch(parcel: HeldParcel): Promise<StoredObject | null> {
    const stored = await super.fetch(parcel);
    return stored && { ...stored, generation: parcel.generation ?? stored.generation };
  }
}

/** Deletes a parcel as soon as it has its body. */
export class EagerRemover extends Mailbox {
  override async fetch(parcel: HeldParcel): Promise<StoredObject | null> {
    const stored = await super.fetch(parcel);
    if (stored) {
      await super.remove({ ...parcel, generation: stored.generation });
    }
    return stored;
  }
}

type RemovedParcel = Parameters<Mailbox['remove']>[0];

/** Gives each mention of a parcel another key, so that none is known to be in progress. */
export class Duplicator extends Mailbox {
  #mentions = 0;

  override async *list(privateGateway: NodeId, options?: ListOptions): AsyncIterable<HeldParcel> {
    for await (const parcel of super.list(privateGateway, options)) {
      yield this.#renamed(parcel);
    }
  }

  override subscribe(privateGateway: NodeId, listener: ArrivalListener): Subscription {
    return super.subscribe(privateGateway, {
      onArrival: (parcel, body) => listener.onArrival(this.#renamed(parcel), body),
      onInterrupted: () => listener.onInterrupted(),
    });
  }

  override fetch(parcel: HeldParcel): Promise<StoredObject | null> {
    return super.fetch(trulyNamed(parcel));
  }

  override remove(parcel: RemovedParcel): Promise<void> {
    return super.remove(trulyNamed(parcel));
  }

  #renamed<Renamed extends HeldParcel>(parcel: Renamed): Renamed {
    this.#mentions += 1;
    return { ...parcel, key: `${parcel.key}#${this.#mentions}` };
  }
}

function trulyNamed<Named extends { readonly key: string }>(parcel: Named): Named {
  return { ...parcel, key: parcel.key.replace(/#.*/, '') };
}

/** Lists the parcels of everyone. */
export class NosyLister extends Mailbox {
  override async *list(_privateGateway: NodeId, options?: ListOptions): AsyncIterable<HeldParcel> {
    for (const privateGateway of Object.values(PRIVATE_GATEWAYS)) {
      yield* super.list(privateGateway, options);
    }
  }
}

/** Lists no more than what the first page of the store holds. */
export class FirstPageLister extends Mailbox {
  override async *list(privateGateway: NodeId, options?: ListOptions): AsyncIterable<HeldParcel> {
    let listed = 0;
    for await (const parcel of super.list(privateGateway, options)) {
      yield parcel;
      listed += 1;
      if (listed === 2) {
        return;
      }
    }
  }
}
