import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import { parseNodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Clock } from '#clock/clock.ts';
import type { GatewayMetrics, Road } from '#metrics/port.ts';
import type { ObjectKey } from '#object-store/port.ts';
import type { CollectedParcel } from './collection-ledger.ts';
import { DeliveryRates } from './delivery-rates.ts';
import type { Identity } from './identity.ts';
import { canonicalInternetAddress } from './internet-address.ts';
import type { Mailbox } from './mailbox.ts';
import { gatewayBoundKey } from './object-keys.ts';
import { type Outbox, outboxKey } from './outbox.ts';
import { type IntakeLedger, replaceableLedger } from './replaceable-ledger.ts';

export interface ParcelIntakeParts {
  readonly verifier: MessageVerifier;
  readonly identity: Pick<Identity, 'trustedCertificates'>;
  readonly mailbox: Mailbox;
  readonly outbox: Pick<Outbox, 'store'>;
  readonly ledger: IntakeLedger;
  /**
   * Whether the ledger has parcels that came by PoWeb for private endpoints, too: for records that
   * cost no money.
   *
   * @default false
   */
  readonly recordsEveryParcel?: boolean;
  /** This gateway's own, in canonical form. */
  readonly internetAddress: string;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
}

export interface AcceptedParcel {
  /** Where it is stored, or was. */
  readonly key: ObjectKey;
  readonly parcelId: string;
  readonly sender: NodeId;
  readonly recipient: string;
  readonly expiresAt: Date;
  /** The private gateway that the parcel is held for; null if it is bound for another Internet address. */
  readonly privateGateway: NodeId | null;
  /** Whether the parcel had been accepted before, so that nothing was done with it now. */
  readonly isDuplicate: boolean;
}

/** Who handed a parcel to us, and how. */
export interface Courier {
  readonly privateGateway: NodeId;
  readonly road: 'poweb' | 'cargo';
  /** How long storing may take, in milliseconds; as any call by default. */
  readonly storeWithinMs?: number;
}

interface Destination {
  /** Null for the outbox. */
  readonly privateGateway: NodeId | null;
  readonly recipient: string;
}

/** Where the private gateway stands in the path of a parcel: sender, recipient endpoint, private gateway, us. */
const PRIVATE_GATEWAY_IN_PATH = 2;
const PARCEL_PATH_LENGTH = 4;

/**
 * Takes parcels in, whatever the road they came by: verifies, decides where they
 * go, and stores them. What it resolves for is durable.
 */
export class ParcelIntake {
  readonly #parts: ParcelIntakeParts;
  readonly #replaceableLedger: IntakeLedger;
  readonly #rates: DeliveryRates;

  constructor(parts: ParcelIntakeParts) {
    this.#parts = parts;
    this.#replaceableLedger = replaceableLedger(parts);
    this.#rates = new DeliveryRates(parts);
  }

  /**
   * Reads a parcel without verifying it.
   *
   * @throws {MalformedMessageError}
   */
  read(octets: Uint8Array): RamfMessage {
    const parcel = this.#parts.verifier.read(octets, 'parcel');
    const { internetAddress } = parcel.recipient;
    if (internetAddress !== null && canonicalInternetAddress(internetAddress) === null) {
      throw new MalformedMessageError('the recipient’s Internet address is not a domain name');
    }
    return parcel;
  }

  /**
   * Accepts a parcel from a private gateway: for a private endpoint of ours, or
   * for any other Internet address. One that it brought before is not stored
   * again, as far as the ledger knows of it.
   *
   * Of the record store it costs a read, and a write at most. What comes by PoWeb
   * for a private endpoint is accepted without it ({@link replaceableLedger}): only
   * where every parcel is recorded does the ledger know of it, and of what cargo
   * brought when it comes so.
   *
   * @throws {InvalidMessageError}
   * @throws {BackingUnavailableError | BackingFullError} if it could not be stored
   */
  async acceptFromPrivateGateway(parcel: RamfMessage, from: Courier): Promise<AcceptedParcel> {
    const destination = await this.#verify(parcel);
    const byCargo = from.road === 'cargo';
    const mayReplace = destination.privateGateway !== null && !byCargo;
    const ledger = mayReplace ? this.#replaceableLedger : this.#parts.ledger;
    const entry: CollectedParcel = {
      privateGateway: from.privateGateway,
      heldFor: destination.privateGateway,
      senderId: parcel.sender.nodeId,
      recipientId: parcel.recipient.id,
      parcelId: parcel.id,
    };
    const earlier = await ledger.find(entry);
    // What was made again to live longer must be kept for longer.
    const isKnown = earlier !== null && parcel.expiresAt <= earlier.expiresAt;
    const isDuplicate = isKnown && (earlier.road === 'cargo' || !mayReplace);
    const key = isDuplicate
      ? keyOf(parcel, destination)
      : await this.#store(parcel, destination, from);
    if (!isKnown || (byCargo && earlier.road === 'poweb')) {
      const { expiresAt } = isKnown ? earlier : parcel;
      const isAcknowledged = byCargo || earlier?.road === 'cargo';
      await ledger.record({ ...entry, expiresAt, byCargo: isAcknowledged });
    }
    return describe(parcel, key, destination, isDuplicate);
  }

  /**
   * Accepts a parcel from the Internet: only for a private endpoint of ours.
   *
   * @throws as {@link acceptFromPrivateGateway}
   */
  async acceptFromInternet(parcel: RamfMessage): Promise<AcceptedParcel> {
    if (!this.#isForUs(parcel)) {
      throw new InvalidMessageError(
        'wrong-recipient',
        'the parcel is for another Internet address',
      );
    }
    const destination = await this.#verify(parcel);
    const key = await this.#store(parcel, destination, { road: 'pohttp' });
    return describe(parcel, key, destination, false);
  }

  #isForUs({ recipient }: RamfMessage): boolean {
    return (
      recipient.internetAddress === null ||
      canonicalInternetAddress(recipient.internetAddress) === this.#parts.internetAddress
    );
  }

  /** @throws {InvalidMessageError} */
  async #verify(parcel: RamfMessage): Promise<Destination> {
    const { verifier, identity, clock } = this.#parts;
    if (!this.#isForUs(parcel)) {
      verifier.verify(parcel, { at: clock.now() });
      return { privateGateway: null, recipient: parcel.recipient.id };
    }
    const anchors = await identity.trustedCertificates();
    const path = verifier.verifyAuthorised(parcel, { at: clock.now(), anchors });
    const privateGateway = path[PRIVATE_GATEWAY_IN_PATH]?.nodeId;
    const recipient = parseNodeId(parcel.recipient.id);
    if (path.length !== PARCEL_PATH_LENGTH || !privateGateway || !recipient) {
      throw new InvalidMessageError(
        'untrusted-path',
        'the sender’s path must be: sender, recipient, private gateway, this gateway',
      );
    }
    return { privateGateway, recipient };
  }

  async #store(
    parcel: RamfMessage,
    { privateGateway, recipient }: Destination,
    { road, storeWithinMs }: { readonly road: Road; readonly storeWithinMs?: number },
  ): Promise<ObjectKey> {
    const { mailbox, outbox, metrics } = this.#parts;
    let key: ObjectKey;
    const options = {
      ...(storeWithinMs !== undefined && { deadlineMs: storeWithinMs }),
      // Its cargo goes next, and could not go if the store were full of cargo.
      isMove: road === 'cargo',
    };
    if (privateGateway) {
      const sender = parcel.sender.nodeId;
      const identity = { privateGateway, recipient, sender, parcelId: parcel.id };
      // A phone's queue would stand still behind a parcel that may come later.
      const takeBack = road === 'poweb' ? () => {} : this.#rates.take(parcel.sender);
      try {
        key = await mailbox.store(identity, parcel.octets, parcel.expiresAt, options);
      } catch (error) {
        takeBack();
        throw error;
      }
    } else {
      key = await outbox.store(parcel, options);
    }
    metrics.parcelAccepted(road, privateGateway ? 'gateway' : 'internet');
    return key;
  }
}

/** Where a parcel is stored that was accepted before. */
function keyOf(parcel: RamfMessage, { privateGateway, recipient }: Destination): ObjectKey {
  const sender = parcel.sender.nodeId;
  return privateGateway
    ? gatewayBoundKey({ privateGateway, recipient, sender, parcelId: parcel.id })
    : outboxKey(parcel);
}

function describe(
  parcel: RamfMessage,
  key: ObjectKey,
  { privateGateway, recipient }: Destination,
  isDuplicate: boolean,
): AcceptedParcel {
  const { id: parcelId, expiresAt } = parcel;
  const sender = parcel.sender.nodeId;
  return { key, parcelId, sender, recipient, expiresAt, privateGateway, isDuplicate };
}
