import { createHash } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from './record-kinds.ts';

/** What tells one accepted parcel from another. */
export interface AcceptedParcelIdentity {
  /** Who handed it over; null if it came from the Internet. */
  readonly privateGateway: NodeId | null;
  /** The private gateway that it is for; null if it is for the Internet. */
  readonly heldFor: NodeId | null;
  readonly senderId: NodeId;
  /** As in the parcel, which does not have to be a node id. */
  readonly recipientId: string;
  readonly parcelId: string;
}

/** What goes into an acknowledgement (PCA). */
interface AcknowledgeableParcel extends Omit<AcceptedParcelIdentity, 'privateGateway' | 'heldFor'> {
  readonly expiresAt: Date;
  /** Its place among those of the private gateway: the same whatever else is recorded or expires. */
  readonly place: string;
}

export interface AcceptedBefore {
  /** By cargo, if it came by both. */
  readonly road: 'cargo' | 'poweb';
  /** Of the copy that lives longest. */
  readonly expiresAt: Date;
  /** Tell apart what came under these ids, the newest last; empty if a former version recorded it. */
  readonly marks: readonly string[];
  /** When the newest was made, and no later than it came; 0 if a former version recorded it. */
  readonly newestAtMs: number;
}

/** What there is to record of a parcel, and of those that came before under the same ids. */
interface AcceptedNow extends AcceptedParcelIdentity {
  readonly expiresAt: Date;
  /** Whether a courier brought it, so that it is acknowledged by cargo; true unless given. */
  readonly byCargo?: boolean;
  /** As in {@link AcceptedBefore}. */
  readonly marks?: readonly string[];
  readonly newestAtMs?: number;
  /** Whether {@link AcceptedParcels.find} knew something, of which this says all that is still true. */
  readonly isKnown?: boolean;
}

interface AcceptedFields extends Record<string, string | boolean | number> {
  readonly senderId: string;
  readonly recipientId: string;
  readonly parcelId: string;
  /** Whether the private gateway waits for an acknowledgement. */
  readonly byCargo: boolean;
  /** Joined by spaces. */
  readonly marks: string;
  /** 0 if it is not known. */
  readonly newestAtMs: number;
}

/** Of what only this version writes. */
const UNKNOWN = { marks: '', newestAtMs: 0 };

/** Of parcels that replaced each other; the oldest are forgotten. */
const MAX_MARKS = 8;

/** In place of who handed it over. */
const FROM_INTERNET = 'internet';

const ACCEPTED_PARCEL = recordKind<AcceptedFields>(RECORD_KIND.acceptedParcel);

/**
 * Which parcels were accepted from which private gateway, until they expire: so
 * that it gets acknowledgements for those that couriers brought, and so that a
 * parcel that comes once more, by whatever road, goes on only once.
 *
 * A parcel is recorded after it is stored, never before: a death in between leads
 * to a second acceptance, not to a loss.
 */
export class AcceptedParcels {
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
  async find(parcel: AcceptedParcelIdentity): Promise<AcceptedBefore | null> {
    const record = await this.#records.get(ACCEPTED_PARCEL, recordId(parcel));
    if (!record?.expiresAt) {
      return null;
    }
    const { byCargo, marks, newestAtMs } = { ...UNKNOWN, ...record.fields };
    return {
      road: byCargo ? 'cargo' : 'poweb',
      expiresAt: record.expiresAt,
      marks: marks === '' ? [] : marks.split(' '),
      newestAtMs,
    };
  }

  /**
   * Records a parcel that was stored durably. Costs one write; durable once it resolves.
   * One that a courier brought stays so, whatever is recorded of it by PoWeb.
   *
   * @throws {BackingUnavailableError}
   */
  async record(parcel: AcceptedNow): Promise<void> {
    const { senderId, recipientId, parcelId, expiresAt } = parcel;
    const { byCargo = true, marks = [], newestAtMs = 0, isKnown = false } = parcel;
    if (this.#clock.now() < expiresAt) {
      const kept = marks.slice(-MAX_MARKS).join(' ');
      const fields = { senderId, recipientId, parcelId, byCargo, marks: kept, newestAtMs };
      const id = recordId(parcel);
      // There may be an entry that could not be read, which says more.
      await (byCargo || isKnown
        ? this.#records.set(ACCEPTED_PARCEL, id, fields, { expiresAt })
        : this.#records.create(ACCEPTED_PARCEL, id, fields, { expiresAt }));
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
    for await (const record of this.#records.list(ACCEPTED_PARCEL, prefix, options)) {
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
function recordId(parcel: AcceptedParcelIdentity): string {
  const { privateGateway, heldFor, senderId, recipientId, parcelId } = parcel;
  const ids = JSON.stringify([senderId, recipientId, parcelId, heldFor]);
  return `${privateGateway ?? FROM_INTERNET}/${createHash('sha256').update(ids, 'utf8').digest('hex')}`;
}
