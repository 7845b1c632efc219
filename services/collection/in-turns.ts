import { setImmediate as othersTurn } from 'node:timers/promises';

/** Connections that are told something before others get their turn: some 3 ms of CPU. */
const MOST_AT_ONCE = 50;

/**
 * Does something for each of many in order, and lets others have their turn now and then.
 *
 * @param work - awaited if it returns a promise
 */
export async function inTurns<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void> | void,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    if (index % MOST_AT_ONCE === MOST_AT_ONCE - 1) {
      await othersTurn();
    }
    const working = work(item, index);
    if (working) {
      await working;
    }
  }
}
