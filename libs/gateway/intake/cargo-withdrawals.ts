import type { NodeId } from '#awala/node-id.ts';
import { noRoomToWithdraw, type Withdrawals } from '../identity/withdrawals.ts';
import { MAX_WITHDRAWN, type Withdrawal } from '../identity/withdrawn-list.ts';

/**
 * Gathers what the deauthorisations in one cargo withdraw, so that any number of them costs one write.
 */
export class CargoWithdrawals {
  readonly #withdrawals: Pick<Withdrawals, 'read' | 'withdraw'>;
  readonly #groups: (readonly Withdrawal[])[] = [];
  #room = MAX_WITHDRAWN;

  constructor(withdrawals: Pick<Withdrawals, 'read' | 'withdraw'>) {
    this.#withdrawals = withdrawals;
  }

  /**
   * @param item - a deauthorisation, serialised
   * @throws {Refusal} `over-quota` if the cargo withdraws more than there can be room for
   * @throws as `read` of {@link Withdrawals}
   */
  add(item: Uint8Array): void {
    const group = this.#withdrawals.read(item);
    if (group.length > this.#room) {
      throw noRoomToWithdraw();
    }
    this.#room -= group.length;
    this.#groups.push(group);
  }

  /**
   * Withdraws what was added. Does nothing if that is nothing.
   *
   * @returns for how many of the deauthorisations there was no room
   * @throws {BackingUnavailableError}
   */
  async withdraw(privateGateway: NodeId): Promise<number> {
    const groups = this.#groups;
    return groups.length > 0 ? this.#withdrawals.withdraw(privateGateway, groups) : 0;
  }
}
