import { hash } from 'node:crypto';
import { hexOf } from '#awala/der/text.ts';
import { Refusal } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Tallies, TallyLimit } from '#tallies/port.ts';
import type { PeerPolicy } from '../peers/peer-policy.ts';

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
const AS_MUCH_AS_COMES = Number.MAX_SAFE_INTEGER;
const ALL_ALIKE = { quotaFactorOf: () => 1 };
const ONCE_A_DAY: readonly TallyLimit[] = [{ windowMs: DAY_MS, most: [1] }];

/**
 * Limits how much each private gateway, and each sender from the Internet, sends in an hour and in a
 * day, over all processes.
 *
 * @see docs/decisions/quotas.md
 */
export class Quotas {
  readonly #tallies: Tallies;
  readonly #policy: Pick<PeerPolicy, 'quotaFactorOf'>;
  readonly #ofParcels: readonly TallyLimit[];
  readonly #ofCargo: readonly TallyLimit[];

  /** @param policy - whose quotas operators changed; nobody's by default */
  constructor(
    tallies: Tallies,
    settings: QuotaSettings,
    policy: Pick<PeerPolicy, 'quotaFactorOf'> = ALL_ALIKE,
  ) {
    this.#tallies = tallies;
    this.#policy = policy;
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
    if ('privateGateway' in source) {
      const { privateGateway } = source;
      return this.#takeOf(privateGateway, 'parcels', octets, this.#ofParcels);
    }
    const name = nameOf('parcels', source.sender, source.heldFor ?? '');
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
      const takeBack = await this.#takeOf(nodeId, 'cargo', octets.byteLength, this.#ofCargo);
      return () => {
        takeBack();
        first.takeBack();
      };
    } catch (error) {
      first.takeBack();
      throw error;
    }
  }

  #takeOf(
    privateGateway: NodeId,
    kind: string,
    octets: number,
    limits: readonly TallyLimit[],
  ): Promise<TakeBack> {
    const factor = this.#policy.quotaFactorOf(privateGateway);
    const own = factor === 1 ? limits : limits.map((each) => times(factor, each));
    return this.#take(nameOf(kind, privateGateway), octets, own);
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

/** None if neither is limited. */
function limit(windowMs: number, count: number, octets: number): readonly TallyLimit[] {
  if (count === 0 && octets === 0) {
    return [];
  }
  return [limitOf(windowMs, [count || AS_MUCH_AS_COMES, octets || AS_MUCH_AS_COMES])];
}

/** What is not limited stays so. */
function times(
  factor: number,
  { windowMs, most: [count = 0, octets = 0] }: TallyLimit,
): TallyLimit {
  const scaled = (amount: number) => (amount === AS_MUCH_AS_COMES ? amount : amount * factor);
  return limitOf(windowMs, [scaled(count), scaled(octets)]);
}

/** A single message is never too large: it would wait for ever. */
function limitOf(windowMs: number, [count, octets]: readonly [number, number]): TallyLimit {
  const whole = (amount: number) => Math.min(Math.ceil(amount), AS_MUCH_AS_COMES);
  return { windowMs, most: [whole(count), whole(Math.max(octets, MAX_MESSAGE_OCTETS))] };
}

/** Short, and holds no id: only whoever has the ids can tell whom it counts. */
function nameOf(kind: string, ...ids: readonly string[]): string {
  return hash('sha256', [kind, ...ids].join(' '), 'base64url');
}
