import type { NodeId } from '#awala/node-id.ts';
import { Cache } from '#bounds/cache.ts';
import type { Clock } from '#clock/clock.ts';

/** From so many entries without an object on, listing the store costs less than asking for each again. */
const MANY = 16;
/** After the latest: until a census has removed most of them. */
const REMEMBERED_MS = 1_200_000;
const MOST_MAILBOXES = 10_000;

/**
 * Remembers which mailboxes have many entries in the index whose objects are gone. That is so for some
 * minutes after a phone has collected what had just been stored, since its entries stay until the
 * next census; whoever connects again and again would cost as many reads each time.
 */
export class StaleEntries {
  readonly #counts: Cache<number>;

  constructor(clock: Clock) {
    this.#counts = new Cache(clock, MOST_MAILBOXES);
  }

  /** An entry was read, and there was no object. */
  found(privateGateway: NodeId): void {
    const count = (this.#counts.get(privateGateway) ?? 0) + 1;
    this.#counts.set(privateGateway, count, REMEMBERED_MS);
  }

  areMany(privateGateway: NodeId): boolean {
    return (this.#counts.get(privateGateway) ?? 0) >= MANY;
  }
}
