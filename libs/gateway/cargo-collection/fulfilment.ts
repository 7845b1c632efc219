import { createHash, randomUUID } from 'node:crypto';
import { Refusal } from '#awala/errors.ts';
import { type Clock, delay } from '#clock/clock.ts';
import { MOST_OFFSET_MS } from '#clock/clock-plausibility.ts';
import { type RecordStore, recordKind, type StoredRecord } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';
import type { CargoAuthorization } from './cargo-authorizer.ts';
import { CollectionProgress } from './collection-progress.ts';
import { CourierReach } from './courier-reach.ts';
import { FoundClasses, UNTRACKED } from './size-classes.ts';

/** How long a call holds a collection without renewing the lease, as when its process died. */
const LEASE_MS = 10_000;
/**
 * How long a call waits for the one before it to let go, which first stores its progress: couriers call
 * again at once. Less than the 3 s that the deployed JavaScript client gives a call.
 */
const LEASE_PATIENCE_MS = 2_000;
const LEASE_RETRY_MS = 50;
/** Keeps a record from expiring before its CCA by any process's clock. */
const RECORD_MARGIN_MS = 3_600_000;

interface FulfilmentFields extends Record<string, string | number | boolean | Date | Uint8Array> {
  readonly isFulfilled: boolean;
  readonly progress: string;
  /** See {@link CargoSizes}; 0 if never set. */
  readonly cargoOctets: number;
  /** See {@link CourierReach}; missing in records of older versions. */
  readonly vainOctets: number;
  readonly vainCalls: number;
  /** See {@link FoundClasses}. */
  readonly foundClasses: number;
  /** Id of our session key in the collection's cargoes; empty if there is none yet. */
  readonly sessionKeyId: Uint8Array;
  /** The call that may collect until {@link leasedUntil}. */
  readonly holder: string;
  readonly leasedUntil: Date;
}

const FULFILMENT = recordKind<FulfilmentFields>(RECORD_KIND.ccaFulfilment);

/**
 * Remembers which CCAs were fulfilled, and the progress of the others: a cut collection is resumed,
 * and a fulfilled one not repeated.
 *
 * Each CCA has a record that expires with it, leased to one call at a time.
 */
export class Fulfilments {
  readonly #records: RecordStore;
  readonly #clock: Clock;

  constructor(parts: { readonly records: RecordStore; readonly clock: Clock }) {
    this.#records = parts.records;
    this.#clock = parts.clock;
  }

  /**
   * Leases a CCA to the caller, waiting up to two seconds for another call to let go
   * of it.
   *
   * @throws {Refusal} `cca-fulfilled`; `cca-in-use` if another call keeps the lease
   * @throws {BackingUnavailableError}
   * @throws the signal's reason, if it is aborted while waiting
   */
  async begin(cca: CargoAuthorization, signal: AbortSignal): Promise<Fulfilment> {
    const giveUpAtMs = this.#clock.elapsedMs() + LEASE_PATIENCE_MS;
    for (;;) {
      const fulfilment = await this.#tryBegin(cca);
      if (fulfilment) {
        return fulfilment;
      }
      if (this.#clock.elapsedMs() >= giveUpAtMs) {
        throw ccaInUse();
      }
      await delay(this.#clock, LEASE_RETRY_MS, signal);
    }
  }

  /** @returns null if another call holds the lease */
  async #tryBegin(cca: CargoAuthorization): Promise<Fulfilment | null> {
    const id = recordIdOf(cca);
    const stored = await this.#records.get(FULFILMENT, id);
    if (stored?.fields.isFulfilled) {
      throw new Refusal('cca-fulfilled', 'the CCA was fulfilled before');
    }
    if (stored && this.#isLeased(stored.fields.leasedUntil)) {
      return null;
    }
    const parts = { records: this.#records, clock: this.#clock };
    const expiresAt = new Date(cca.expiresAt.getTime() + RECORD_MARGIN_MS);
    const fulfilment = new Fulfilment(parts, { id, expiresAt, stored });
    return (await fulfilment.lease()) ? fulfilment : null;
  }

  /**
   * A lease longer than ours came from a clock that was ahead; clocks of other processes may differ
   * a little.
   */
  #isLeased(until: Date): boolean {
    const leftMs = until.getTime() - this.#clock.now().getTime();
    return leftMs > 0 && leftMs <= LEASE_MS + MOST_OFFSET_MS;
  }
}

/** A CCA leased to a call, with its collection's progress. */
export class Fulfilment {
  readonly progress: CollectionProgress;
  /** The cargo size to start with, as earlier calls found; 0 for the first call. */
  cargoOctets: number;
  /** What couriers can carry, as their calls have shown. */
  readonly reach: CourierReach;
  /** What the mailbox holds, as far as it was listed. */
  readonly found: FoundClasses;
  sessionKeyId: Uint8Array;
  readonly #records: RecordStore;
  readonly #clock: Clock;
  readonly #id: string;
  readonly #expiresAt: Date;
  readonly #holder = randomUUID();
  #version: string | null;

  /** For {@link Fulfilments.begin} only. */
  constructor(
    parts: { readonly records: RecordStore; readonly clock: Clock },
    record: {
      readonly id: string;
      readonly expiresAt: Date;
      readonly stored: StoredRecord<FulfilmentFields> | null;
    },
  ) {
    this.#records = parts.records;
    this.#clock = parts.clock;
    this.#id = record.id;
    this.#expiresAt = record.expiresAt;
    const fields: Partial<FulfilmentFields> = record.stored?.fields ?? {};
    this.#version = record.stored?.version ?? null;
    this.progress = CollectionProgress.parse(fields.progress ?? '[]');
    this.cargoOctets = fields.cargoOctets ?? 0;
    this.reach = new CourierReach({
      octets: fields.vainOctets ?? 0,
      calls: fields.vainCalls ?? 0,
    });
    this.found = new FoundClasses(fields.foundClasses ?? (record.stored ? UNTRACKED : 0));
    this.sessionKeyId = fields.sessionKeyId ?? new Uint8Array();
  }

  /** @returns false if another call was faster */
  async lease(): Promise<boolean> {
    const isOurs = await this.#tryWrite(false, LEASE_MS);
    if (isOurs) {
      await this.#readVersion();
    }
    return isOurs;
  }

  /**
   * Stores the progress, and renews the lease; one call at a time.
   *
   * @throws {Refusal} `cca-in-use` if the lease was lost
   * @throws {BackingUnavailableError}
   */
  async checkpoint(): Promise<void> {
    await this.#write(false, LEASE_MS);
  }

  /**
   * Stores the progress, and lets another call continue at once.
   *
   * @throws as {@link checkpoint}
   */
  async release(): Promise<void> {
    await this.#write(false, 0);
  }

  /**
   * Marks the CCA as used up.
   *
   * @throws as {@link checkpoint}
   */
  async complete(): Promise<void> {
    await this.#write(true, 0);
  }

  async #write(isFulfilled: boolean, leaseMs: number): Promise<void> {
    if (!(await this.#tryWrite(isFulfilled, leaseMs))) {
      // An earlier write of ours may have taken effect although it seemed to fail.
      await this.#readVersion();
      if (!(await this.#tryWrite(isFulfilled, leaseMs))) {
        throw ccaInUse();
      }
    }
    if (leaseMs > 0) {
      await this.#readVersion();
    }
  }

  #tryWrite(isFulfilled: boolean, leaseMs: number): Promise<boolean> {
    const fields = this.#fields(isFulfilled, leaseMs);
    const expiresAt = this.#expiresAt;
    return this.#version === null
      ? this.#records.create(FULFILMENT, this.#id, fields, { expiresAt })
      : this.#records.set(FULFILMENT, this.#id, fields, { expiresAt, ifVersion: this.#version });
  }

  /** @throws {Refusal} `cca-in-use` if another call took the lease in between */
  async #readVersion(): Promise<void> {
    const stored = await this.#records.get(FULFILMENT, this.#id);
    if (stored?.fields.holder !== this.#holder) {
      throw ccaInUse();
    }
    this.#version = stored.version;
  }

  #fields(isFulfilled: boolean, leaseMs: number): FulfilmentFields {
    return {
      isFulfilled,
      progress: isFulfilled ? '[]' : this.progress.serialise(),
      cargoOctets: this.cargoOctets,
      vainOctets: this.reach.state.octets,
      vainCalls: this.reach.state.calls,
      foundClasses: this.found.state,
      sessionKeyId: this.sessionKeyId,
      holder: this.#holder,
      leasedUntil: new Date(this.#clock.now().getTime() + leaseMs),
    };
  }
}

function ccaInUse(): Refusal {
  return new Refusal('cca-in-use', 'another call is collecting under this CCA');
}

/** By what the peer signed, since a courier can write the same CCA in other octets. */
function recordIdOf({ peer, ccaId }: CargoAuthorization): string {
  return `${peer}/${createHash('sha256').update(ccaId, 'utf8').digest('hex')}`;
}
