import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import { parseNodeId } from '#awala/node-id.ts';
import type { RamfMessage } from '#awala/ramf/message.ts';
import type { Clock } from '#clock/clock.ts';
import type { GatewayMetrics, Road } from '#metrics/port.ts';
import type { Identity } from './identity.ts';
import { canonicalInternetAddress } from './internet-address.ts';
import type { Mailbox } from './mailbox.ts';
import type { Outbox } from './outbox.ts';

export interface ParcelIntakeParts {
  readonly verifier: MessageVerifier;
  readonly identity: Identity;
  readonly mailbox: Mailbox;
  readonly outbox: Outbox;
  /** This gateway's own, in canonical form. */
  readonly internetAddress: string;
  readonly clock: Clock;
  readonly metrics: GatewayMetrics;
}

export interface AcceptedParcel {
  readonly parcelId: string;
  readonly sender: NodeId;
  readonly recipient: string;
  readonly expiresAt: Date;
  /** The private gateway that the parcel is held for; null if it is bound for another Internet address. */
  readonly privateGateway: NodeId | null;
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

  constructor(parts: ParcelIntakeParts) {
    this.#parts = parts;
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
   * Accepts a parcel that a private gateway brought: for a private endpoint of
   * ours, or for any other Internet address.
   *
   * @throws {InvalidMessageError}
   * @throws {BackingUnavailableError | BackingFullError} if it could not be stored
   */
  acceptFromPrivateGateway(parcel: RamfMessage, road: Road): Promise<AcceptedParcel> {
    return this.#isForUs(parcel) ? this.#hold(parcel, road) : this.#forward(parcel, road);
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
    return this.#hold(parcel, 'pohttp');
  }

  #isForUs({ recipient }: RamfMessage): boolean {
    return (
      recipient.internetAddress === null ||
      canonicalInternetAddress(recipient.internetAddress) === this.#parts.internetAddress
    );
  }

  async #hold(parcel: RamfMessage, road: Road): Promise<AcceptedParcel> {
    const { verifier, identity, mailbox, clock, metrics } = this.#parts;
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
    const { id: parcelId, expiresAt } = parcel;
    const sender = parcel.sender.nodeId;
    await mailbox.store({ privateGateway, recipient, sender, parcelId }, parcel.octets, expiresAt);
    metrics.parcelAccepted(road, 'gateway');
    return { parcelId, sender, recipient, expiresAt, privateGateway };
  }

  async #forward(parcel: RamfMessage, road: Road): Promise<AcceptedParcel> {
    const { verifier, outbox, clock, metrics } = this.#parts;
    verifier.verify(parcel, { at: clock.now() });
    await outbox.store(parcel);
    metrics.parcelAccepted(road, 'internet');
    return {
      parcelId: parcel.id,
      sender: parcel.sender.nodeId,
      recipient: parcel.recipient.id,
      expiresAt: parcel.expiresAt,
      privateGateway: null,
    };
  }
}
