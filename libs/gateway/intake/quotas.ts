import { hash } from 'node:crypto';
import { hexOf } from '#awala/der/text.ts';
import { Refusal } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Tallies, TallyLimit } from '#tallies/port.ts';

/** How much one may send; 0 for as much as comes. */
export interface QuotaSettings {
  readonly parcelsPerHour: number;
  readonly parcelsPerDay: number;
  readonly cargoesPerHour: number;
  readonly cargoesPerDay: number;
  /** Of parcels, and as many again of cargo. */
  readonly octetsPerHour: number;
  readonly octetsPerDay: number;
}

/**
 * Who sends a parcel: a private gateway, by whichever road; or an endpoint from the Internet to those of
 * one private gateway.
 */
export type ParcelSource =
  | { readonly privateGateway: NodeId }
  | { readonly sender: NodeId; readonly heldFor: NodeId | null };

/** Takes back what was counted, as nothing came of it. */
export type TakeBack = () => void;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const ONCE_A_DAY: readonly TallyLimit[] = [{ windowMs: DAY_MS, most: [1] }];

/**
 * Limits how much each private gateway, and each sender from the Internet, sends in an hour and in a
 * day, over all processes.
 *
 * @see docs/decisions/quotas.md
 */
export class Quotas {
  readonly #tallies: Tallies;
  readonly #ofParcels: readonly TallyLimit[];
  readonly #ofCargo: readonly TallyLimit[];

  constructor(tallies: Tallies, settings: QuotaSettings) {
    this.#tallies = tallies;
    const { parcelsPerHour, parcelsPerDay, cargoesPerHour, cargoesPerDay } = settings;
    const { octetsPerHour, octetsPerDay } = settings;
    this.#ofParcels = [
      ...limit(HOUR_MS, parcelsPerHour, octetsPerHour),
      ...limit(DAY_MS, parcelsPerDay, octetsPerDay),
    ];
    this.#ofCargo = [
      ...limit(HOUR_MS, cargoesPerHour, octetsPerHour),
      ...limit(DAY_MS, cargoesPerDay, octetsPerDay),
    ];
  }

  /**
   * Counts a parcel that is about to be stored.
   *
   * @throws {Refusal} `over-quota`
   */
  takeParcel(source: ParcelSource, octets: number): Promise<TakeBack> {
    const name =
      'privateGateway' in source
        ? nameOf('parcels', source.privateGateway)
        : nameOf('parcels', source.sender, source.heldFor ?? '');
    return this.#take(name, octets, this.#ofParcels);
  }

  /**
   * Counts a cargo that is about to be stored, once a day at most: whoever carries it can bring it as
   * often as they like, which must not use up its sender's quota. What tells it from others is what
   * was signed: carriers may change what is around that, and a sender may sign much under one id.
   *
   * @param cargo - verified
   * @throws {Refusal} `over-quota`
   */
  async takeCargo({ sender: { nodeId }, signedData, octets }: RamfMessage): Promise<TakeBack> {
    if (this.#ofCargo.length === 0) {
      return () => {};
    }
    const name = nameOf('same cargo', nodeId, hexOf(signedData.contentDigest));
    const first = await this.#tallies.add(name, [1], ONCE_A_DAY);
    if (!first.isWithin) {
      return () => {};
    }
    try {
      const takeBack = await this.#take(nameOf('cargo', nodeId), octets.byteLength, this.#ofCargo);
      return () => {
        takeBack();
        first.takeBack();
      };
    } catch (error) {
      first.takeBack();
      throw error;
    }
  }

  async #take(name: string, octets: number, limits: readonly TallyLimit[]): Promise<TakeBack> {
    if (limits.length === 0) {
      return () => {};
    }
    const tallied = await this.#tallies.add(name, [1, octets], limits);
    if (!tallied.isWithin) {
      throw new Refusal('over-quota', 'The sender has sent as much as it may for now', {
        againInMs: tallied.againInMs,
      });
    }
    return tallied.takeBack;
  }
}

/** None if neither is limited. A single message is never too large: it would wait for ever. */
function limit(windowMs: number, count: number, octets: number): readonly TallyLimit[] {
  if (count === 0 && octets === 0) {
    return [];
  }
  const most = [
    count || Number.MAX_SAFE_INTEGER,
    Math.max(octets || Number.MAX_SAFE_INTEGER, MAX_MESSAGE_OCTETS),
  ];
  return [{ windowMs, most }];
}

/** Short, and holds no id: only whoever has the ids can tell whom it counts. */
function nameOf(kind: string, ...ids: readonly string[]): string {
  return hash('sha256', [kind, ...ids].join(' '), 'base64url');
}
