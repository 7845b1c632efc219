import assert from 'node:assert/strict';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { ATTACKERS_NETWORK, HONEST_NETWORK } from '../attacker.ts';
import type { HonestClients } from './honest-clients.ts';
import type { AttackRow } from './rows.ts';

/** The part of honest requests that must succeed. */
const LEAST_SERVED = 0.95;
/** Between two honest requests, unless those take longer. */
const REQUEST_EVERY_MS = 400;
/** Longer than any client waits, for a busy machine; only a request that would never end meets it. */
const PATIENCE_MS = 60_000;

/** The part of honest requests that succeeded, by where they came from; null if that was not asked. */
export type Served = Readonly<Record<'other' | 'own', number | null>>;

/** @throws if fewer were served than must */
export function assertAllServed(served: Served): void {
  for (const [where, part] of Object.entries(served)) {
    assert.ok(part === null || part >= LEAST_SERVED, `${where} network: ${part} were served`);
  }
}

/**
 * Asks what honest clients ask, from another network and the attacker's by turns.
 *
 * @param isOver - asked before each turn
 */
export async function servedDuring(
  row: Pick<AttackRow, 'honest' | 'sparesOwnNetwork'>,
  honest: HonestClients,
  isOver: (asked: number) => boolean,
): Promise<Served> {
  const other = new Tally();
  const own = new Tally();
  const networks = [
    [other, HONEST_NETWORK],
    ...(row.sparesOwnNetwork === false ? [] : [[own, ATTACKERS_NETWORK] as const]),
  ] as const;
  for (let asked = 0; !isOver(asked); asked++) {
    const next = pause(REQUEST_EVERY_MS);
    const request = row.honest[asked % row.honest.length];
    assert.ok(request);
    for (const [tally, from] of networks) {
      tally.count(await isServed(() => honest[request](from)));
    }
    await next;
  }
  return { other: other.part, own: own.part };
}

class Tally {
  #asked = 0;
  #served = 0;

  count(isServed: boolean): void {
    this.#asked += 1;
    this.#served += isServed ? 1 : 0;
  }

  /** The part that was served; null if nobody asked. */
  get part(): number | null {
    return this.#asked === 0 ? null : this.#served / this.#asked;
  }
}

/** Whether it resolves with true before any client would have given up. */
export async function isServed(ask: () => Promise<boolean>): Promise<boolean> {
  const patience = new AbortController();
  const inVain = pause(PATIENCE_MS, false, { signal: patience.signal }).catch(() => false);
  try {
    return await Promise.race([ask().catch(saySo), inVain]);
  } finally {
    patience.abort();
  }
}

/** Only the share of those served counts; whoever looks into a failure wants to know more. */
function saySo(error: unknown): false {
  process.stderr.write(`not served: ${error}\n`);
  return false;
}
