import { createHash } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';

/** A parcel that a private gateway handed to us. */
export interface CollectedParcel {
  /** Who handed it over. */
  readonly privateGateway: NodeId;
  /** The private gateway that it is for; null if it is for the Internet. */
  readonly heldFor: NodeId | null;
  readonly senderId: NodeId;
  /** As in the parcel, which does not have to be a node id. */
  readonly recipientId: string;
  readonly parcelId: string;
}

/** What goes into an acknowledgement (PCA). */
export interface AcknowledgeableParcel extends Omit<CollectedParcel, 'privateGateway' | 'heldFor'> {
  readonly expiresAt: Date;
  /** Its place among those of the private gateway: the same whatever else is recorded or expires. */
  readonly place: string;
}

export interface AcceptedBefore {
  /** By cargo, if it came by both. */
  readonly road: 'cargo' | 'poweb';
  /** Of the copy that lives longest. */
  readonly expiresAt: Date;
}

interface LedgerFields extends Record<string, string | boolean> {
  readonly senderId: string;
  readonly recipientId: string;
  readonly parcelId: string;
  /** Whether the private gateway waits for an acknowledgement. */
  readonly byCargo: boolean;
}

const COLLECTED_PARCEL = recordKind<LedgerFields>('collected-parcel');

/**
 * Which parcels were accepted from which private gateway, until they expire: so
 * that it gets acknowledgements for those that couriers brought, and so that a
 * parcel that comes once more, by whatever road, goes on only once.
 *
 * A parcel is recorded after it is stored, never before: a death in between leads
 * to a second acceptance, not to a loss.
 */
export class CollectionLedger {
  readonly #records: RecordStore;
  readonly #clock: Clock;

  constructor(parts: { readonly records: RecordStore; readonly clock: Clock }) {
    this.#records = parts.records;
    this.#clock = parts.clock;
  }

  /**
   * How this parcel was accepted from this private gateway; null if it was not.
   * Costs one read.
   *
   * @throws {BackingUnavailableError}
   */
  async find(parcel: CollectedParcel): Promise<AcceptedBefore | null> {
    const record = await this.#records.get(COLLECTED_PARCEL, recordId(parcel));
    if (!record?.expiresAt) {
      return null;
    }
    return { road: record.fields.byCargo ? 'cargo' : 'poweb', expiresAt: record.expiresAt };
  }

  /**
   * Records a parcel that was stored durably. Costs one write; durable once it resolves.
   * One that a courier brought stays so, whatever is recorded of it by PoWeb.
   *
   * @param parcel.byCargo - whether a courier brought it, so that it is acknowledged by cargo; true unless given
   * @throws {BackingUnavailableError}
   */
  async record(
    parcel: CollectedParcel & { readonly expiresAt: Date; readonly byCargo?: boolean },
  ): Promise<void> {
    const { senderId, recipientId, parcelId, expiresAt, byCargo = true } = parcel;
    if (this.#clock.now() < expiresAt) {
      const fields = { senderId, recipientId, parcelId, byCargo };
      const id = recordId(parcel);
      await (byCargo
        ? this.#records.set(COLLECTED_PARCEL, id, fields, { expiresAt })
        : this.#records.create(COLLECTED_PARCEL, id, fields, { expiresAt }));
    }
  }

  /**
   * Yields the parcels that couriers brought from a private gateway and that have
   * not expired, in ascending order of place.
   *
   * @param options.startAfter - yields only those whose place is greater
   * @throws {BackingUnavailableError}
   */
  async *list(
    privateGateway: NodeId,
    { startAfter, signal }: { startAfter?: string; signal?: AbortSignal } = {},
  ): AsyncGenerator<AcknowledgeableParcel, void, undefined> {
    const prefix = `${privateGateway}/`;
    const options = {
      ...(startAfter !== undefined && { startAfter: prefix + startAfter }),
      ...(signal && { signal }),
    };
    for await (const record of this.#records.list(COLLECTED_PARCEL, prefix, options)) {
      const { senderId, recipientId, parcelId, byCargo } = record.fields;
      if (byCargo && record.expiresAt) {
        const { id, expiresAt } = record;
        const place = id.slice(prefix.length);
        yield { senderId, recipientId, parcelId, expiresAt, place };
      }
    }
  }
}

/** The ids go in hashed: they are the sender's words. */
function recordId(parcel: CollectedParcel): string {
  const { privateGateway, heldFor, senderId, recipientId, parcelId } = parcel;
  const ids = JSON.stringify([senderId, recipientId, parcelId, heldFor]);
  return `${privateGateway}/${createHash('sha256').update(ids, 'utf8').digest('hex')}`;
}
