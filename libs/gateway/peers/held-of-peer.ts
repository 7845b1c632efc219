import type { NodeId } from '#awala/node-id.ts';
import type { ObjectStore } from '#object-store/port.ts';
import type { Mailbox } from '../held/mailbox.ts';
import { cargoPrefix } from '../held/object-keys.ts';

/** Deletions at one time. */
const CONCURRENCY = 16;

/** Where what is held of or for a private gateway lies. */
export interface Holding {
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

/** Counts what is held of and for a private gateway. */
export function heldOfPeer(peer: NodeId, holding: Holding): Promise<HeldOfPeer> {
  return dealWithHeld(peer, holding, { parcel: async () => true, cargo: async () => true });
}

/** Deletes what is held of and for a private gateway. */
export function purgeHeldOfPeer(peer: NodeId, holding: Holding): Promise<HeldOfPeer> {
  const { mailbox, objects } = holding;
  return dealWithHeld(peer, holding, {
    parcel: (key) => mailbox.discard(key, peer),
    cargo: (key) => objects.delete(key),
  });
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
