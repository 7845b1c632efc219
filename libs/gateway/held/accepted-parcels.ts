import { hash } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from './record-kinds.ts';

/** Identifies an accepted parcel. */
export interface AcceptedParcelIdentity {
  /** The private gateway that sent it; null if it came from the Internet. */
  readonly privateGateway: NodeId | null;
  /** The private gateway that it is for; null if it is for the Internet. */
  readonly heldFor: NodeId | null;
  readonly senderId: NodeId;
  /** As in the parcel; not necessarily a node id. */
  readonly recipientId: string;
  readonly parcelId: string;
}

/** The fields of an acknowledgement (PCA). */
interface AcknowledgeableParcel extends Omit<AcceptedParcelIdentity, 'privateGateway' | 'heldFor'> {
  readonly expiresAt: Date;
  /** Its place among those of the private gateway, which never changes. */
  readonly place: string;
}

/** What is recorded of parcels accepted under the same ids. */
export interface AcceptedBefore {
  /** Whether a courier brought any, so that cargo acknowledges them. */
  readonly byCargo: boolean;
  /** The latest expiry of them. */
  readonly expiresAt: Date;
  /** A mark of each parcel, the newest last; empty if an older version recorded them. */
  readonly marks: readonly string[];
  /** When the newest was made, at latest its arrival; 0 if an older version recorded it. */
  readonly newestAtMs: number;
}

/** What to record of a parcel, and of those before it under the same ids. */
interface AcceptedNow extends AcceptedParcelIdentity {
  readonly expiresAt: Date;
  /** Whether a courier brought it, so that cargo acknowledges it. @default true */
  readonly byCargo?: boolean;
  /** As in {@link AcceptedBefore}. */
  readonly marks?: readonly string[];
  readonly newestAtMs?: number;
  /** Whether {@link AcceptedParcels.find} found a record, all of which this one includes. */
  readonly isKnown?: boolean;
}

interface AcceptedFields extends Record<string, string | boolean | number> {
  readonly senderId: string;
  readonly recipientId: string;
  readonly parcelId: string;
  /** Whether the private gateway awaits an acknowledgement. */
  readonly byCargo: boolean;
  /** Joined by spaces. */
  readonly marks: string;
  /** 0 if unknown. */
  readonly newestAtMs: number;
}

/** For fields that older versions do not write. */
const UNKNOWN = { marks: '', newestAtMs: 0 };

/** Marks of parcels that replaced each other; the oldest are dropped. */
const MAX_MARKS = 8;

/** Stands for the private gateway of a parcel from the Internet. */
const FROM_INTERNET = 'internet';

const ACCEPTED_PARCEL = recordKind<AcceptedFields>(RECORD_KIND.acceptedParcel);

/**
 * Records which parcels each private gateway sent, until they expire: to acknowledge those that
 * couriers brought, and to recognise a parcel that comes again, by any road.
 *
 * A parcel is recorded after it is stored: a death in between means a second acceptance, not a
 * loss.
 */
export class AcceptedParcels {
  readonly #records: RecordStore;
  readonly #clock: Clock;

  constructor(parts: { readonly records: RecordStore; readonly clock: Clock }) {
    this.#records = parts.records;
    this.#clock = parts.clock;
  }

  /**
   * How this parcel was accepted from this private gateway; null if it was not. Costs one read.
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
      byCargo,
      expiresAt: record.expiresAt,
      marks: marks === '' ? [] : marks.split(' '),
      newestAtMs,
    };
  }

  /**
   * Records a parcel that was stored durably. Costs one write; durable once it resolves. A parcel
   * once brought by a courier stays so when it also comes by PoWeb.
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
      // There may be a record that could not be read, and says more.
      await (byCargo || isKnown
        ? this.#records.set(ACCEPTED_PARCEL, id, fields, { expiresAt })
        : this.#records.create(ACCEPTED_PARCEL, id, fields, { expiresAt }));
    }
  }

  /**
   * Yields the unexpired parcels that couriers brought from a private gateway, in ascending order
   * of place.
   *
   * @param options.startAfter - yields only greater places
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

/** Hashes the ids, as the sender chose them. */
function recordId(parcel: AcceptedParcelIdentity): string {
  const { privateGateway, heldFor, senderId, recipientId, parcelId } = parcel;
  const ids = JSON.stringify([senderId, recipientId, parcelId, heldFor]);
  return `${privateGateway ?? FROM_INTERNET}/${hash('sha256', ids, 'hex')}`;
}
