import { type HeldParcel, Mailbox } from '#gateway/held/mailbox.ts';
import { gatewayBoundKey, nameInMailbox, type ParcelIdentity } from '#gateway/held/object-keys.ts';
import type { CensusClaim, ClaimOptions, HeldIndex, IndexEntry, Part } from '#held-index/port.ts';
import type { ObjectKey, ObjectStore, StoredObject } from '#object-store/port.ts';
import type { MailboxParts } from './mutants.ts';

/** Announces a parcel once it is stored. */
export class LateAnnouncer extends Mailbox {
  readonly #objects: ObjectStore;
  readonly #index: HeldIndex | null;

  constructor(parts: MailboxParts) {
    super(parts);
    this.#objects = parts.objects;
    this.#index = parts.heldIndex;
  }

  override async store(
    parcel: ParcelIdentity,
    octets: Uint8Array,
    expiresAt: Date,
  ): Promise<ObjectKey> {
    const { privateGateway } = parcel;
    const key = gatewayBoundKey(parcel);
    const sizeOctets = octets.byteLength;
    const generation = await this.#objects.put(key, octets, { expiresAt });
    const name = nameInMailbox(key, privateGateway);
    const announced = { name, sizeOctets, expiresAt };
    const token = (await this.#index?.add(privateGateway, announced))?.token ?? null;
    const held = { key, generation, token, isSettled: false, sizeOctets, expiresAt };
    this.signal(privateGateway, { ...held, storedAt: expiresAt });
    return key;
  }
}

/** Hears nothing of an entry that is written later than it waits. */
export function hearsNothingLate({ heldIndex, ...parts }: MailboxParts): Mailbox {
  return new Mailbox({ ...parts, heldIndex: heldIndex && new PunctualAnnouncer(heldIndex) });
}

/** Removes the entry of whatever it does not find. */
export class TidyFetcher extends Mailbox {
  readonly #index: HeldIndex | null;

  constructor(parts: MailboxParts) {
    super(parts);
    this.#index = parts.heldIndex;
  }

  override async fetch(parcel: HeldParcel): Promise<StoredObject | null> {
    const stored = await super.fetch(parcel);
    if (!stored && parcel.token !== null) {
      const [, , mailbox = '', name = ''] = parcel.key.split('/');
      await this.#index?.remove(mailbox, name, parcel.token);
    }
    return stored;
  }
}

/** An index that does as another does. */
abstract class OtherIndex implements HeldIndex {
  readonly index: HeldIndex;

  constructor(index: HeldIndex) {
    this.index = index;
  }

  add(...given: Parameters<HeldIndex['add']>): ReturnType<HeldIndex['add']> {
    return this.index.add(...given);
  }

  remove(...given: Parameters<HeldIndex['remove']>): Promise<void> {
    return this.index.remove(...given);
  }

  read(mailbox: string): Promise<readonly IndexEntry[] | null> {
    return this.index.read(mailbox);
  }

  find(mailbox: string, name: string): Promise<IndexEntry | null> {
    return this.index.find(mailbox, name);
  }

  claim(part: Part, options: ClaimOptions): Promise<CensusClaim | null> {
    return this.index.claim(part, options);
  }

  totalsOf(mailbox: string): ReturnType<HeldIndex['totalsOf']> {
    return this.index.totalsOf(mailbox);
  }

  incompleteParts(): Promise<number> {
    return this.index.incompleteParts();
  }

  totals(): ReturnType<HeldIndex['totals']> {
    return this.index.totals();
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.index[Symbol.asyncDispose]();
  }
}

/** Never tells what became of an entry that is written late. */
class PunctualAnnouncer extends OtherIndex {
  override async add(...given: Parameters<HeldIndex['add']>): ReturnType<HeldIndex['add']> {
    return { ...(await this.index.add(...given)), late: null };
  }
}

/** Removes whichever entry has the name. */
export class AnyTokenRemover extends OtherIndex {
  override async remove(mailbox: string, name: string): Promise<void> {
    const entry = await this.index.find(mailbox, name);
    if (entry) {
      await this.index.remove(mailbox, name, entry.token);
    }
  }
}

/** Takes each entry for settled that is read. */
export class HastyReader extends OtherIndex {
  override async read(mailbox: string): Promise<readonly IndexEntry[] | null> {
    return settled(await this.index.read(mailbox));
  }
}

/** Takes each entry for settled that is looked up. */
export class HastyFinder extends OtherIndex {
  override async find(mailbox: string, name: string): Promise<IndexEntry | null> {
    const entry = await this.index.find(mailbox, name);
    return entry && { ...entry, isSettled: true };
  }
}

type ClaimFault = (claim: CensusClaim) => Partial<CensusClaim>;

/** Gives claims with a fault. */
export class FaultyClaimer extends OtherIndex {
  readonly #fault: ClaimFault;

  constructor(index: HeldIndex, fault: ClaimFault) {
    super(index);
    this.#fault = fault;
  }

  override async claim(part: Part, options: ClaimOptions): Promise<CensusClaim | null> {
    const claim = await this.index.claim(part, options);
    return claim && { ...claim, ...this.#fault(claim) };
  }
}

/** Calls everything settled. */
export const settlesAll: ClaimFault = (claim) => ({
  async *entries(mailbox) {
    yield* settled(await Array.fromAsync(claim.entries(mailbox))) ?? [];
  },
});

/** Does not wait. */
export const hurries: ClaimFault = () => ({ waitMs: 0 });

/** Adds what is missing, and removes nothing. */
export const removesNothing: ClaimFault = (claim) => ({
  mend: (mailbox, { missing }) => claim.mend(mailbox, { missing, stale: [] }),
});

/** Removes what is not stored, and adds nothing. */
export const addsNothing: ClaimFault = (claim) => ({
  mend: (mailbox, { stale }) => claim.mend(mailbox, { missing: [], stale }),
});

function settled(entries: readonly IndexEntry[] | null): readonly IndexEntry[] | null {
  return entries?.map((entry) => ({ ...entry, isSettled: true })) ?? null;
}
