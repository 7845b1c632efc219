import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { ObjectStore } from '#object-store/port.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { Mailbox } from '../held/mailbox.ts';
import { cargoPrefix } from '../held/object-keys.ts';
import {
  BLOCK,
  BLOCK_PREFIX,
  type Block,
  blockId,
  blockIn,
  CHANGES,
  CHANGES_ID,
  MAX_BLOCKS,
} from './block.ts';
import { noteAct, type OperatorAct } from './operator-act.ts';

/** Deletions at one time. */
const CONCURRENCY = 16;

interface PeerOrdersParts {
  readonly records: RecordStore;
  readonly clock: Clock;
  /** The name of the operator on whose behalf this acts. */
  readonly by: string;
}

/** Where what is held of or for a private gateway lies. */
interface Holding {
  readonly objects: ObjectStore;
  readonly mailbox: Mailbox;
}

/** How much is held of or for a private gateway. */
export interface HeldOfPeer {
  /** For it, until it collects them. */
  readonly parcels: number;
  /** By it, until they are unpacked. */
  readonly cargoes: number;
  readonly octets: number;
}

/**
 * What operators may do about private gateways. Each act is noted first, and is in effect in every
 * process within ten seconds.
 *
 * Every method throws `BackingUnavailableError` if it could not be done; then do it again.
 */
export class PeerOrders {
  readonly #parts: PeerOrdersParts;

  constructor(parts: PeerOrdersParts) {
    this.#parts = parts;
  }

  /** Yields the blocks that are in effect, in order of id. */
  async *blocks(): AsyncIterable<Block> {
    for await (const record of this.#parts.records.list(BLOCK, BLOCK_PREFIX)) {
      yield blockIn(record);
    }
  }

  /** The block of a private gateway; null if it is not blocked. */
  async blockOf(peer: NodeId): Promise<Block | null> {
    const record = await this.#parts.records.get(BLOCK, blockId(peer));
    return record && blockIn(record);
  }

  /**
   * Blocks a private gateway, in the place of an earlier block.
   *
   * @returns false if {@link MAX_BLOCKS} others are blocked
   */
  async block({ peer, reason, until, mayCollect }: Omit<Block, 'since'>): Promise<boolean> {
    const { records, clock } = this.#parts;
    if (!(await this.#hasRoomFor(peer))) {
      return false;
    }
    const end = until === null ? '' : `until ${until.toISOString()}`;
    const details = [end, mayCollect ? 'may collect' : ''].filter(Boolean).join(', ');
    await this.#note({ act: 'block', peer, reason, details });
    const expiry = until === null ? {} : { expiresAt: until };
    const fields = { reason, since: clock.now(), mayCollect };
    await records.set(BLOCK, blockId(peer), fields, expiry);
    await this.#tell();
    return true;
  }

  /** @returns whether the private gateway was blocked */
  async unblock(peer: NodeId, reason: string): Promise<boolean> {
    if (!(await this.blockOf(peer))) {
      return false;
    }
    await this.#note({ act: 'unblock', peer, reason, details: '' });
    await this.#parts.records.delete(BLOCK, blockId(peer));
    await this.#tell();
    return true;
  }

  /**
   * Deletes what is held of and for a private gateway. Unless that is blocked, more may come
   * meanwhile.
   */
  async purge(peer: NodeId, reason: string, holding: Holding): Promise<HeldOfPeer> {
    await this.#note({ act: 'purge', peer, reason, details: '' });
    const { mailbox, objects } = holding;
    return dealWithHeld(peer, holding, {
      parcel: (key) => mailbox.discard(key, peer),
      cargo: (key) => objects.delete(key),
    });
  }

  async #hasRoomFor(peer: NodeId): Promise<boolean> {
    let others = 0;
    for await (const block of this.blocks()) {
      others += block.peer === peer ? 0 : 1;
    }
    return others < MAX_BLOCKS;
  }

  async #note(act: Omit<OperatorAct, 'at' | 'by'>): Promise<void> {
    const { records, clock, by } = this.#parts;
    await noteAct(records, { ...act, at: clock.now(), by });
  }

  /** Comes last: whoever sees it reads what was written before. */
  async #tell(): Promise<void> {
    const { records, clock } = this.#parts;
    await records.set(CHANGES, CHANGES_ID, { at: clock.now() });
  }
}

/** Counts what is held of and for a private gateway. */
export function heldOfPeer(peer: NodeId, holding: Holding): Promise<HeldOfPeer> {
  return dealWithHeld(peer, holding, { parcel: async () => true, cargo: async () => true });
}

/** Whether something was held, after it was dealt with. */
type Deal = (key: string) => Promise<boolean>;

async function dealWithHeld(
  peer: NodeId,
  { objects, mailbox }: Holding,
  deal: { readonly parcel: Deal; readonly cargo: Deal },
): Promise<HeldOfPeer> {
  let octets = 0;
  const dealtWith = async (entries: AsyncIterable<Entry>, dealWith: Deal) => {
    let count = 0;
    const remaining = inOrder(entries);
    const hand = async () => {
      for (let next = await remaining.next(); !next.done; next = await remaining.next()) {
        if (await dealWith(next.value.key)) {
          count += 1;
          octets += next.value.sizeOctets;
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, hand));
    return count;
  };
  const parcels = await dealtWith(mailbox.listStored(peer), deal.parcel);
  const cargoes = await dealtWith(objects.list(cargoPrefix(peer)), deal.cargo);
  return { parcels, cargoes, octets };
}

interface Entry {
  readonly key: string;
  readonly sizeOctets: number;
}

/** Answers several hands one after the other, as generators do. */
async function* inOrder<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
