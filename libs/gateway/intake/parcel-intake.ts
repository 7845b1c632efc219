import { InvalidMessageError } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Clock } from '#clock/clock.ts';
import { type Log, silentLog } from '#log/log.ts';
import type { GatewayMetrics, Road } from '#metrics/port.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { Tallies } from '#tallies/port.ts';
import type { AcceptedBefore, AcceptedParcelIdentity } from '../held/accepted-parcels.ts';
import type { HeldAddition, HeldShares } from '../held/held-shares.ts';
import type { Mailbox } from '../held/mailbox.ts';
import { gatewayBoundKey, holderName, type ParcelIdentity } from '../held/object-keys.ts';
import { type Outbox, outboxKey } from '../held/outbox.ts';
import { isEstablished } from '../identity/established.ts';
import type { Identity } from '../identity/identity.ts';
import type { Withdrawals } from '../identity/withdrawals.ts';
import { bestEffortRecords, type ParcelRecords } from './best-effort-records.ts';
import { DeliveryRates } from './delivery-rates.ts';
import type { ParcelSource, Quotas, TakeBack } from './quotas.ts';
import { isBehind, withParcel } from './replaced-parcels.ts';

/** What {@link ParcelIntake} needs. */
export interface ParcelIntakeParts {
  readonly verifier: MessageVerifier;
  readonly identity: Pick<Identity, 'trustedCertificates'>;
  readonly mailbox: Mailbox;
  readonly outbox: Pick<Outbox, 'store'>;
  readonly acceptedParcels: ParcelRecords;
  /** Where deliveries are counted. */
  readonly tallies: Tallies;
  readonly quotas: Quotas;
  /** Null, as by default, where nothing can be withdrawn. */
  readonly withdrawals?: Pick<Withdrawals, 'requireStanding'> | null;
  readonly heldShares: HeldShares;
  /**
   * Whether parcels that come by PoWeb or PoHTTP for private endpoints are recorded too, which suits
   * a record store whose writes cost no money.
   *
   * @default false
   */
  readonly recordsEveryParcel?: boolean | undefined;
  /** This gateway's own, in canonical form. */
  readonly internetAddress: string;
  readonly clock: Clock;
  readonly log?: Log;
  readonly metrics: GatewayMetrics;
}

interface AcceptedParcel {
  /** Where it is stored, or was. */
  readonly key: ObjectKey;
  /** Whether it had been accepted before, so that nothing was done now. */
  readonly isDuplicate: boolean;
}

/** The private gateway that handed a parcel to us, and how. */
export interface HandOver {
  readonly privateGateway: NodeId;
  /** Whether it has been registered for over a week. */
  readonly isEstablished: boolean;
  readonly road: 'poweb' | 'cargo';
  /** How long storing may take, in milliseconds; as any call by default. */
  readonly storeWithinMs?: number;
  /**
   * Awaited before each call to the record store: parcels that are handed over together may make
   * theirs at one time, and so share them.
   */
  readonly beforeRecords?: () => Promise<void>;
}

/** Where a parcel is held until it is collected, or delivered to the Internet. */
type Destination =
  | {
      readonly name: 'mailbox';
      readonly privateGateway: NodeId;
      /** Of the private gateway. */
      readonly isEstablished: boolean;
      readonly recipient: NodeId;
    }
  | { readonly name: 'outbox'; readonly internetAddress: string };

/** How a parcel stands to what was accepted before under the same ids; see {@link ParcelIntake}. */
type Standing = 'new' | 'replacement' | 'duplicate';

/** Where a parcel came from, and where accepted ones are recorded. */
interface Origin {
  /** Null for the Internet. */
  readonly privateGateway: NodeId | null;
  /** Of the private gateway. */
  readonly isEstablished: boolean;
  readonly road: Road;
  readonly records: ParcelRecords;
  readonly storeWithinMs?: number;
  readonly beforeRecords?: () => Promise<void>;
}

/**
 * Takes parcels in, whatever the road they came by. Each is read, verified, looked up among what was
 * accepted before, stored and recorded; one that fails on the way is not accepted. What the intake
 * resolves for is durable, apart from records made as well as can be.
 *
 * | standing | meaning | stored | recorded |
 * |---|---|---|---|
 * | `new` | none is recorded under its ids | yes | yes |
 * | `replacement` | another is, and was not made later | yes, in its place | yes |
 * | `duplicate` | it is itself, or another is that was made later | no | if none came by cargo before |
 *
 * Where nothing is recorded each parcel is `new`.
 */
export class ParcelIntake {
  readonly #parts: ParcelIntakeParts;
  readonly #bestEffortRecords: ParcelRecords;
  readonly #rates: DeliveryRates;

  constructor(parts: ParcelIntakeParts) {
    this.#parts = parts;
    this.#bestEffortRecords = bestEffortRecords({ log: silentLog, ...parts });
    this.#rates = new DeliveryRates(parts);
  }

  /**
   * Reads a parcel without verifying it.
   *
   * @throws {MalformedMessageError}
   */
  read(octets: Uint8Array): RamfMessage {
    const parcel = this.#parts.verifier.read(octets, 'parcel');
    this.#foreignAddress(parcel);
    return parcel;
  }

  /**
   * Accepts a parcel from a private gateway: for a private endpoint of ours, or
   * for any other Internet address. One that it brought before is not stored
   * again, as far as that is recorded; another one under the same ids
   * replaces it, unless it was made earlier.
   *
   * Costs one read of the record store and at most one write. PoWeb parcels for private endpoints
   * skip both unless `recordsEveryParcel` is set.
   *
   * @throws {InvalidMessageError}
   * @throws {Refusal} `over-quota`, `over-share`
   * @throws {BackingError} if it could not be stored
   * @see RS-000 "Parcel Delivery Binding", docs/decisions/replaced-parcels.md
   */
  async acceptFromPrivateGateway(parcel: RamfMessage, from: HandOver): Promise<AcceptedParcel> {
    const destination = await this.#verify(parcel);
    const isRecorded = destination.name === 'outbox' || from.road === 'cargo';
    return this.#acceptOnce(parcel, destination, {
      ...from,
      records: isRecorded ? this.#parts.acceptedParcels : this.#bestEffortRecords,
    });
  }

  /**
   * Accepts a parcel from the Internet: only for a private endpoint of ours. One that came before is
   * not stored again where every parcel is recorded.
   *
   * @throws as {@link acceptFromPrivateGateway}
   */
  async acceptFromInternet(parcel: RamfMessage): Promise<AcceptedParcel> {
    if (this.#foreignAddress(parcel) !== null) {
      throw new InvalidMessageError(
        'wrong-recipient',
        'the parcel is for another Internet address',
      );
    }
    const destination = await this.#verify(parcel);
    const records = this.#bestEffortRecords;
    const from = { privateGateway: null, isEstablished: false, road: 'pohttp', records } as const;
    return this.#acceptOnce(parcel, destination, from);
  }

  async #acceptOnce(
    parcel: RamfMessage,
    destination: Destination,
    from: Origin,
  ): Promise<AcceptedParcel> {
    const { records, road } = from;
    const entry: AcceptedParcelIdentity = {
      privateGateway: from.privateGateway,
      heldFor: holderOf(destination),
      senderId: parcel.sender.nodeId,
      recipientId: parcel.recipient.id,
      parcelId: parcel.id,
    };
    await from.beforeRecords?.();
    const earlier = await records.find(entry);
    const now = this.#parts.clock.now();
    const standing = standingOf(parcel, earlier, now);
    const { key, takeBack } =
      standing === 'duplicate'
        ? { key: keyOf(parcel, destination), takeBack: () => {} }
        : await this.#store(parcel, destination, standing, from);
    const isFirstByCargo = road === 'cargo' && !earlier?.byCargo;
    if (standing !== 'duplicate' || isFirstByCargo) {
      const byCargo = road === 'cargo' || earlier?.byCargo === true;
      const known = withParcel(earlier, parcel, now);
      try {
        await from.beforeRecords?.();
        await records.record({ ...entry, ...known, byCargo, isKnown: earlier !== null });
      } catch (error) {
        // It is not accepted, and counts when it comes again.
        takeBack();
        throw error;
      }
    }
    return { key, isDuplicate: standing === 'duplicate' };
  }

  /** The other Internet address that a parcel is for; null if it is for us. */
  #foreignAddress({ recipient: { internetAddress } }: RamfMessage): string | null {
    return internetAddress === this.#parts.internetAddress ? null : internetAddress;
  }

  /**
   * @throws {InvalidMessageError}
   * @throws {BackingUnavailableError}
   */
  async #verify(parcel: RamfMessage): Promise<Destination> {
    const { verifier, identity, withdrawals, clock } = this.#parts;
    const internetAddress = this.#foreignAddress(parcel);
    if (internetAddress !== null) {
      verifier.verify(parcel, { at: clock.now() });
      return { name: 'outbox', internetAddress };
    }
    const anchors = await identity.trustedCertificates();
    const trust = { at: clock.now(), anchors };
    const path = verifier.verifyParcel(parcel, trust);
    await withdrawals?.requireStanding(path);
    const [, recipient, privateGateway] = path;
    return {
      name: 'mailbox',
      privateGateway: privateGateway.nodeId,
      isEstablished: isEstablished(privateGateway, trust.at),
      recipient: recipient.nodeId,
    };
  }

  async #store(
    parcel: RamfMessage,
    destination: Destination,
    standing: Exclude<Standing, 'duplicate'>,
    from: Origin,
  ): Promise<{ readonly key: ObjectKey; readonly takeBack: TakeBack }> {
    const { mailbox, outbox, metrics } = this.#parts;
    const { road, storeWithinMs } = from;
    const isReplacement = standing === 'replacement';
    const addition = { ...additionOf(parcel, destination, from), isReplacement };
    const options = {
      ...(storeWithinMs !== undefined && { deadlineMs: storeWithinMs }),
      holder: holderName(addition.holder.privateGateway, addition.as),
      // Its cargo is deleted next, and could not be if the store were full of cargo.
      isMove: road === 'cargo',
    };
    const takeBack = await this.#count(parcel, destination, from);
    try {
      const put = () =>
        destination.name === 'mailbox'
          ? mailbox.store(identityIn(destination, parcel), parcel.octets, parcel.expiresAt, options)
          : outbox.store(parcel, destination.internetAddress, {
              ...options,
              replaces: isReplacement,
            });
      const key = await this.#parts.heldShares.store(addition, put);
      metrics.parcelAccepted(road, destination.name === 'mailbox' ? 'gateway' : 'internet');
      return { key, takeBack };
    } catch (error) {
      takeBack();
      throw error;
    }
  }

  /**
   * Counts a parcel that is about to be stored: one that came before costs its sender nothing.
   *
   * @throws {InvalidMessageError} `rate-limit`
   * @throws {Refusal} `over-quota`
   */
  async #count(
    parcel: RamfMessage,
    destination: Destination,
    { road, privateGateway }: Origin,
  ): Promise<TakeBack> {
    const source = sourceOf(parcel, destination, privateGateway);
    const fromQuota = await this.#parts.quotas.takeParcel(source, parcel.octets.byteLength);
    // A phone's queue would stall behind a parcel told to come later.
    if (destination.name !== 'mailbox' || road === 'poweb') {
      return fromQuota;
    }
    try {
      const fromRate = await this.#rates.take(parcel.sender);
      return () => {
        fromQuota();
        fromRate();
      };
    } catch (error) {
      fromQuota();
      throw error;
    }
  }
}

function standingOf(parcel: RamfMessage, earlier: AcceptedBefore | null, now: Date): Standing {
  if (earlier === null) {
    return 'new';
  }
  return isBehind(parcel, earlier, now) ? 'duplicate' : 'replacement';
}

/** What is to be held, of whoever sent it; of its recipient if the Internet did. */
function additionOf(
  { octets, sender }: RamfMessage,
  destination: Destination,
  { privateGateway, isEstablished, road }: Origin,
): HeldAddition {
  const amount = { octets: octets.byteLength, isMove: road === 'cargo' };
  if (privateGateway !== null) {
    return { ...amount, holder: { privateGateway, isEstablished }, as: 'sent' };
  }
  // Nobody sends from the Internet to the Internet.
  const recipient =
    destination.name === 'mailbox'
      ? destination
      : { privateGateway: sender.nodeId, isEstablished: false };
  return { ...amount, holder: recipient, as: 'received' };
}

/** The key of an accepted parcel. */
function keyOf(parcel: RamfMessage, destination: Destination): ObjectKey {
  return destination.name === 'mailbox'
    ? gatewayBoundKey(identityIn(destination, parcel))
    : outboxKey(parcel, destination.internetAddress);
}

function identityIn(
  { privateGateway, recipient }: Destination & { readonly name: 'mailbox' },
  { sender, id: parcelId }: RamfMessage,
): ParcelIdentity {
  return { privateGateway, recipient, sender: sender.nodeId, parcelId };
}

function sourceOf(
  { sender }: RamfMessage,
  destination: Destination,
  privateGateway: NodeId | null,
): ParcelSource {
  if (privateGateway !== null) {
    return { privateGateway };
  }
  return { sender: sender.nodeId, heldFor: holderOf(destination) };
}

function holderOf(destination: Destination): NodeId | null {
  return destination.name === 'mailbox' ? destination.privateGateway : null;
}
