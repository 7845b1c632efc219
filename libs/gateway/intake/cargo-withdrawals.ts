import { InvalidMessageError, MalformedMessageError } from '#awala/errors.ts';
import type { MessageVerifier } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { Identity } from '../identity/identity.ts';
import { noRoomToWithdraw, type Withdrawals } from '../identity/withdrawals.ts';
import { MAX_WITHDRAWN, type Withdrawal } from '../identity/withdrawn-list.ts';

/** What {@link CargoWithdrawals} needs. */
export interface CargoWithdrawalsParts {
  readonly withdrawals: Pick<Withdrawals, 'read' | 'revocationOf' | 'withdraw'>;
  readonly verifier: MessageVerifier;
  readonly identity: Pick<Identity, 'trustedCertificates'>;
  readonly clock: Clock;
}

/**
 * Gathers what the deauthorisations and revocations in one cargo withdraw, so that any number of them
 * costs one write.
 */
export class CargoWithdrawals {
  readonly #parts: CargoWithdrawalsParts;
  /** The cargo's sender. */
  readonly #privateGateway: NodeId;
  readonly #groups: (readonly Withdrawal[])[] = [];
  #room = MAX_WITHDRAWN;

  constructor(parts: CargoWithdrawalsParts, privateGateway: NodeId) {
    this.#parts = parts;
    this.#privateGateway = privateGateway;
  }

  /**
   * @param item - a deauthorisation, serialised
   * @throws {Refusal} `over-quota` if the cargo withdraws more than there can be room for
   * @throws as `read` of {@link Withdrawals}
   */
  addDeauthorisation(item: Uint8Array): void {
    this.#add(this.#parts.withdrawals.read(item));
  }

  /**
   * @param item - a revocation of the certificate that it is signed under, serialised
   * @throws {MalformedMessageError}
   * @throws {InvalidMessageError} `certificate` if another than the cargo's sender revokes its own
   * @throws {Refusal} `over-quota` as above
   * @throws {BackingUnavailableError}
   * @see RS-002 "Gateway Certificate Revocation"
   */
  async addRevocation(item: Uint8Array): Promise<void> {
    const { withdrawals, verifier, identity, clock } = this.#parts;
    const revocation = verifier.read(item, 'certificate-revocation');
    const anchors = await identity.trustedCertificates();
    verifier.verifyFromPrivateGateway(revocation, { at: clock.now(), anchors });
    const { sender, payload } = revocation;
    if (payload.length > 0) {
      throw new MalformedMessageError('Revocation has a payload');
    }
    if (sender.nodeId !== this.#privateGateway) {
      throw new InvalidMessageError('certificate', 'Revocation is not by the sender of its cargo');
    }
    this.#add(withdrawals.revocationOf(sender));
  }

  #add(group: readonly Withdrawal[]): void {
    if (group.length > this.#room) {
      throw noRoomToWithdraw();
    }
    this.#room -= group.length;
    this.#groups.push(group);
  }

  /**
   * Withdraws what was added. Does nothing if that is nothing.
   *
   * @returns for how many of the items there was no room
   * @throws {BackingUnavailableError}
   */
  async withdraw(): Promise<number> {
    const groups = this.#groups;
    return groups.length > 0 ? this.#parts.withdrawals.withdraw(this.#privateGateway, groups) : 0;
  }
}
