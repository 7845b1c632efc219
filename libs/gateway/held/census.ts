import type { NodeId } from '#awala/node-id.ts';
import { type Clock, delay } from '#clock/clock.ts';
import {
  type CensusClaim,
  type ClaimOptions,
  type HeldIndex,
  type HeldTotals,
  type IndexEntry,
  type IndexedObject,
  MAX_READ_ENTRIES,
  NOTHING_HELD,
  PARTS,
  type Part,
  plus,
} from '#held-index/port.ts';
import type { Log } from '#log/log.ts';
import type { ObjectEntry, ObjectStore } from '#object-store/port.ts';
import { type ExpiryParts, isExpired } from './expiry.ts';
import { type Mailbox, storedParcelOf } from './mailbox.ts';
import { GATEWAY_BOUND_PREFIX, nameInMailbox, privateGatewayOf } from './object-keys.ts';
import { SeenMailboxes } from './seen-mailboxes.ts';

interface CensusParts extends ExpiryParts {
  readonly objects: ObjectStore;
  readonly heldIndex: HeldIndex;
  readonly mailbox: Pick<Mailbox, 'signal'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** How a census goes about it. */
export interface CensusLimits extends ClaimOptions {
  /** Parts counted at once, each with a listing of its own. */
  readonly partsAtOnce: number;
  /** Mailboxes of one part compared at once. */
  readonly concurrency: number;
}

/** How often a claim is renewed before it would end. */
const RENEWALS_PER_LEASE = 3;

/**
 * Compares the index of what is held with what is stored, part by part: adds what the index lacks
 * and signals it, corrects the sizes of what was never replaced, removes what is not stored, and
 * adds up what is held. Any number of processes may take part; each part is counted by one of
 * them, once per interval.
 *
 * It lists as fast as the store and the index answer, and so slows down with them.
 */
export class Census {
  readonly #parts: CensusParts;
  readonly #limits: CensusLimits;

  constructor(parts: CensusParts, limits: CensusLimits) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /**
   * Counts each part that is due and that nobody else has, some at once.
   *
   * @param random - from 0 to under 1; processes that begin together begin with different parts
   * @throws {BackingUnavailableError} when a backing service fails; call again later
   * @throws the signal's reason, if it is aborted
   */
  async run(signal: AbortSignal, random: () => number = Math.random): Promise<void> {
    const first = Math.floor(random() * PARTS.length);
    const remaining = [...PARTS.slice(first), ...PARTS.slice(0, first)].values();
    const hand = async () => {
      for (const part of remaining) {
        signal.throwIfAborted();
        await this.#count(part, signal);
      }
    };
    await Promise.all(Array.from({ length: this.#limits.partsAtOnce }, hand));
  }

  async #count(part: Part, signal: AbortSignal): Promise<void> {
    const claim = await this.#parts.heldIndex.claim(part, this.#limits);
    if (!claim) {
      return;
    }
    using renewal = this.#keep(claim, signal);
    if (claim.waitMs > 0) {
      await delay(this.#parts.clock, claim.waitMs, renewal.signal);
    }
    const totals = await this.#compare(claim, part, renewal.signal);
    if (!(await claim.complete(totals))) {
      const detail = `part ${part}`;
      this.#parts.log.info(
        { detail },
        'A part of the index is not complete: something was stored meanwhile without an entry',
      );
    }
  }

  /** Renews the claim until disposed of; the signal is aborted once it is lost. */
  #keep(claim: CensusClaim, signal: AbortSignal): Disposable & { readonly signal: AbortSignal } {
    const { clock } = this.#parts;
    const ended = new AbortController();
    const lost = new AbortController();
    const all = AbortSignal.any([signal, ended.signal]);
    const renewing = async () => {
      for (;;) {
        await delay(clock, this.#limits.leaseMs / RENEWALS_PER_LEASE, all);
        await claim.renew();
      }
    };
    renewing().catch((error: unknown) => {
      if (!all.aborted) {
        lost.abort(error);
      }
    });
    return {
      signal: AbortSignal.any([signal, lost.signal]),
      [Symbol.dispose]: () => ended.abort(),
    };
  }

  async #compare(claim: CensusClaim, part: Part, signal: AbortSignal): Promise<HeldTotals> {
    let totals = NOTHING_HELD;
    const compareAll = async (batches: AsyncGenerator<Batch, void, undefined>) => {
      const hand = async () => {
        for await (const batch of batches) {
          signal.throwIfAborted();
          const found = await this.#compareMailbox(claim, batch);
          totals = plus(totals, found);
        }
      };
      // One generator among several hands: each takes the next batch when it is done with the last.
      await Promise.all(Array.from({ length: this.#limits.concurrency }, hand));
    };
    const seen = new SeenMailboxes();
    await compareAll(this.#stored(part, seen, signal));
    await compareAll(emptyOnes(claim, seen));
    return totals;
  }

  /** What is stored in the part, each mailbox in one batch or several. */
  async *#stored(
    part: Part,
    seen: SeenMailboxes,
    signal: AbortSignal,
  ): AsyncGenerator<Batch, void, undefined> {
    const prefix = `${GATEWAY_BOUND_PREFIX}0${part}`;
    let batch: Batch | null = null;
    for await (const entry of this.#parts.objects.list(prefix, { signal })) {
      const mailbox = privateGatewayOf(entry.key);
      const isFull = batch !== null && batch.stored.length >= MAX_READ_ENTRIES;
      if (batch !== null && (batch.mailbox !== mailbox || isFull)) {
        const isWhole: boolean = batch.isWhole && batch.mailbox !== mailbox;
        yield { ...batch, isWhole };
        batch = batch.mailbox === mailbox ? { mailbox, stored: [], isWhole: false } : null;
      }
      if (mailbox) {
        seen.add(mailbox);
        batch ??= { mailbox, stored: [], isWhole: true };
        batch.stored.push(entry);
      }
    }
    if (batch !== null) {
      yield batch;
    }
  }

  async #compareMailbox(claim: CensusClaim, batch: Batch): Promise<HeldTotals> {
    const held = batch.stored.filter((entry) => !isExpired(entry, this.#parts));
    if (batch.isWhole) {
      await this.#mend(claim, { ...batch, held });
    } else {
      // Too much to be compared: what has an entry keeps it, and collectors list.
      const missing = held.map((entry) => asIndexed(entry, batch.mailbox));
      await claim.mend(batch.mailbox, { missing, stale: [] });
    }
    return held.map(totalOf).reduce(plus, NOTHING_HELD);
  }

  async #mend(
    claim: CensusClaim,
    { mailbox, stored, held }: Batch & { readonly held: readonly ObjectEntry[] },
  ): Promise<void> {
    const byName = new Map(stored.map((each) => [nameInMailbox(each.key, mailbox), each]));
    const known = new Set<string>();
    const stale: IndexEntry[] = [];
    const wrong: IndexEntry[] = [];
    for await (const entry of claim.entries(mailbox)) {
      const its = byName.get(entry.name);
      if (its) {
        known.add(entry.name);
        if (entry.isSettled && its.sizeOctets !== entry.sizeOctets) {
          wrong.push({ ...entry, ...asIndexed(its, mailbox) });
        }
      } else if (entry.isSettled) {
        stale.push(entry);
      }
      if (stale.length === MAX_READ_ENTRIES) {
        await claim.mend(mailbox, { missing: [], stale: stale.splice(0) });
      }
    }
    const missing = held.filter(({ key }) => !known.has(nameInMailbox(key, mailbox)));
    if (missing.length > 0 || stale.length > 0 || wrong.length > 0) {
      const objects = missing.map((entry) => asIndexed(entry, mailbox));
      await claim.mend(mailbox, { missing: objects, stale, wrong });
    }
    this.#tell(mailbox, missing);
  }

  #tell(mailbox: NodeId, missing: readonly ObjectEntry[]): void {
    for (const entry of missing) {
      this.#parts.mailbox.signal(mailbox, storedParcelOf(entry));
    }
  }
}

/** What is stored in a mailbox. */
interface Batch {
  readonly mailbox: NodeId;
  readonly stored: ObjectEntry[];
  /** Whether that is all. */
  readonly isWhole: boolean;
}

/** Mailboxes with entries in which nothing is stored. */
async function* emptyOnes(
  claim: CensusClaim,
  seen: SeenMailboxes,
): AsyncGenerator<Batch, void, undefined> {
  for await (const mailboxes of claim.mailboxes()) {
    for (const mailbox of mailboxes) {
      if (!seen.has(mailbox)) {
        yield nothingIn(mailbox);
      }
    }
  }
}

function nothingIn(mailbox: NodeId): Batch {
  return { mailbox, stored: [], isWhole: true };
}

function asIndexed({ key, sizeOctets, expiresAt }: ObjectEntry, mailbox: NodeId): IndexedObject {
  return { name: nameInMailbox(key, mailbox), sizeOctets, expiresAt };
}

function totalOf({ sizeOctets, storedAt }: ObjectEntry): HeldTotals {
  return { objects: 1, octets: sizeOctets, oldestAt: storedAt };
}
