import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { systemClock } from '#clock/clock.ts';
import { silentLog } from '#log/log.ts';
import { missingProgram } from '#test/backing/backing.ts';
import { startOwnRedis } from '#test/backing/own-redis.ts';
import { obtainRedis } from '#test/backing/programs.ts';
import { CLAIM, claimed, object } from '../contract/opened-index.ts';
import { RedisHeldIndex } from './held-index.ts';

const missing = missingProgram(await obtainRedis());

/** Octets of Redis's memory. */
const MOST_PER_ENTRY = 100;
const MOST_PER_MAILBOX = 230;

describe('the memory of Redis that the index takes', { skip: missing }, () => {
  it('is at most 100 octets for an entry, and 230 for a mailbox besides', async () => {
    const one = await octetsOf({ mailboxes: 2_000, entries: 1 });
    const five = await octetsOf({ mailboxes: 2_000, entries: 5 });
    const perEntry = (five - one) / (2_000 * 4);
    assert.ok(perEntry > 0 && perEntry <= MOST_PER_ENTRY, `an entry takes ${perEntry} octets`);
    const perMailbox = one / 2_000 - perEntry;
    assert.ok(perMailbox <= MOST_PER_MAILBOX, `a mailbox takes ${perMailbox} octets`);
  });

  it('is at most 100 octets for an entry of a large mailbox, all included', async () => {
    const perEntry = (await octetsOf({ mailboxes: 20, entries: 2_000 })) / (20 * 2_000);
    assert.ok(perEntry <= MOST_PER_ENTRY, `an entry takes ${perEntry} octets`);
  });
});

/** What some mailboxes take in a server of their own, with so many entries each. */
async function octetsOf(size: {
  readonly mailboxes: number;
  readonly entries: number;
}): Promise<number> {
  await using redis = await startOwnRedis();
  const used = async () =>
    Number(/^used_memory:(\d+)/m.exec(await redis.client.info('memory'))?.[1]);
  await using index = new RedisHeldIndex({
    url: `redis://${redis.address}`,
    prefix: 'awala:held',
    clock: systemClock,
    log: silentLog,
    deadlineMs: 60_000,
    addingMs: 60_000,
  });
  const claim = await claimed(index, '0', { ...CLAIM, leaseMs: 3_600_000 });
  const fill = async (mailbox: string) => {
    const missing = Array.from({ length: size.entries }, (_, entry) =>
      object(digestOf(`${mailbox} ${entry}`).slice(0, 48), 4_000),
    );
    await claim.mend(mailbox, { missing, stale: [] });
  };
  // Loads the script, which is no entry's.
  await claim.mend(digestOf('first'), { missing: [], stale: [] });
  const before = await used();
  for (let mailbox = 0; mailbox < size.mailboxes; mailbox++) {
    await fill(`00${digestOf(String(mailbox)).slice(1)}`);
  }
  return (await used()) - before;
}

function digestOf(seed: string): string {
  return createHash('sha256').update(seed).digest('hex');
}
