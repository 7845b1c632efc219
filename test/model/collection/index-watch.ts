import type { NodeId } from '#awala/node-id.ts';
import { mailboxPrefix } from '#gateway/held/object-keys.ts';
import { type Part, partOf } from '#held-index/port.ts';
import type { Claimed, IndexServer } from './index-server.ts';
import type { Ledger, StoredGeneration } from './ledger.ts';
import { PRIVATE_GATEWAYS } from './scenario.ts';
import type { IndexObserver } from './simulated-index.ts';
import type { SimulatedPublisher } from './simulated-publisher.ts';

/**
 * Holds the index to its promises.
 *
 * While a part calls itself complete, it has an entry for whatever is stored and has not expired,
 * unless no census that began after the put has ended, and
 *
 * - the entry is not written yet and its publisher went on meanwhile, or the announcement was not
 *   confirmed, which the publisher has not told the index yet, or
 * - the announcement was not confirmed, or its entry was lost with the server's data, and the put
 *   took longer than anybody waits who accepts a parcel.
 */
export class IndexWatch implements IndexObserver {
  readonly #ledger: Ledger;
  readonly #server: IndexServer;
  readonly #publishers = new Map<string, SimulatedPublisher>();
  /** Where in the run's order each census claimed its part. */
  readonly #claimedAt = new Map<string, number>();
  /** Of the latest census that ended. */
  readonly #countedAt = new Map<Part, number>();

  constructor(ledger: Ledger, server: IndexServer) {
    this.#ledger = ledger;
    this.#server = server;
  }

  onClaimed({ id }: Claimed): void {
    this.#claimedAt.set(id, this.#ledger.position);
  }

  onCompleted({ id, part }: Claimed): void {
    this.#countedAt.set(part, this.#claimedAt.get(id) ?? 0);
  }

  /** @param name - of what it stores */
  publishes(name: string, publisher: SimulatedPublisher): void {
    this.#publishers.set(name, publisher);
  }

  /** To be called at each moment between two turns. */
  check(): void {
    for (const stored of this.#ledger.held(Object.values(PRIVATE_GATEWAYS))) {
      const isMissing = this.#isMissing(stored);
      const isExcused = isMissing && this.#isExcused(stored);
      stored.wasOverlooked ||= isExcused;
      if (isMissing && !isExcused) {
        this.#ledger.breaks('a complete index lacks nothing that is stored', stored.name);
      }
    }
  }

  /**
   * To be called once everybody could withdraw, and some censuses have ended since.
   *
   * @param keys - of all that is stored
   */
  checkMended(mailboxes: readonly NodeId[], keys: readonly string[]): void {
    for (const publisher of this.#publishers.values()) {
      if (publisher.announced?.isOwed && !publisher.process.isDead) {
        this.#ledger.breaks('a complete index lacks nothing that is stored', 'never told');
      }
    }
    for (const mailbox of mailboxes) {
      if (!this.#server.isComplete(partOf(mailbox))) {
        this.#ledger.breaks('a census completes the index', mailbox);
      }
      for (const name of this.#server.names(mailbox)) {
        if (!keys.includes(`${mailboxPrefix(mailbox)}${name}`)) {
          this.#ledger.breaks('a census removes false entries', name);
        }
      }
    }
  }

  #isMissing({ privateGateway, key }: StoredGeneration): boolean {
    const name = key.slice(mailboxPrefix(privateGateway).length);
    const isTold = this.#server.isComplete(partOf(privateGateway));
    return isTold && !this.#server.names(privateGateway).includes(name);
  }

  #isExcused({ name, privateGateway, since, storedMs }: StoredGeneration): boolean {
    const publisher = this.#publishers.get(name);
    const announced = publisher?.announced;
    const isLate = storedMs >= (publisher?.answeredByMs ?? 0);
    const isOwed = announced?.isOwed || (isLate && announced?.losses !== this.#server.losses);
    const countedAt = this.#countedAt.get(partOf(privateGateway)) ?? Number.NEGATIVE_INFINITY;
    return isOwed === true && countedAt < since;
  }
}
