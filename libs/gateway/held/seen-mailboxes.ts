import type { NodeId } from '#awala/node-id.ts';

/** Before it, all mailboxes of a part are the same. */
const FIRST_DIGIT = 2;
/** As many hexadecimal digits as a number holds exactly. */
const DIGITS = 13;

/**
 * The mailboxes of a part that a listing came by, in 8 octets each, as there may be a million.
 * Those with the same first digits are taken for one: among 10 million, there are two with a chance
 * of one in a thousand.
 */
export class SeenMailboxes {
  /** In ascending order. */
  readonly #seen: number[] = [];

  /** @param mailbox - none that comes before those that were added */
  add(mailbox: NodeId): void {
    const number = numberOf(mailbox);
    if (this.#seen.at(-1) !== number) {
      this.#seen.push(number);
    }
  }

  has(mailbox: NodeId): boolean {
    const number = numberOf(mailbox);
    let [from, to] = [0, this.#seen.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#seen[middle] ?? 0) < number) {
        from = middle + 1;
      } else {
        to = middle;
      }
    }
    return this.#seen[from] === number;
  }
}

function numberOf(mailbox: NodeId): number {
  return Number.parseInt(mailbox.slice(FIRST_DIGIT, FIRST_DIGIT + DIGITS), 16);
}
