import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { identity } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import { composeStandalone } from './compose.ts';
import { readStandaloneConfig } from './config.ts';

it('a gateway in one process starts once a backing service that was away is back', async () => {
  const clock = new ManualClock();
  let refusals = 0;
  let isAway = true;
  const before = () => {
    if (isAway) {
      refusals += 1;
      throw new BackingUnavailableError('record-store', 'away');
    }
  };
  const config = readStandaloneConfig({
    ...ANY_PORT,
  });
  const starting = composeStandalone(config, {
    clock,
    log: silentLog,
    objects: new InMemoryObjectStore({ clock }),
    records: new InMemoryRecordStore({ clock, before }),
    vault: new MemoryVault(identity('us')),
    signals: new InProcessSignals({ log: silentLog }),
    queue: new InMemoryWorkQueue({ clock }),
  });
  while (refusals < 5) {
    await pass(clock);
  }
  isAway = false;
  const gateway = await whilePassing(clock, starting);
  assert.equal(gateway.gateway.internetAddress, 'gateway.localhost');
  await whilePassing(clock, gateway[Symbol.asyncDispose]());
});

async function pass(clock: ManualClock): Promise<void> {
  clock.advance(500);
  await setImmediate();
}

async function whilePassing<Result>(clock: ManualClock, work: PromiseLike<Result>) {
  let isDone = false;
  const done = Promise.resolve(work).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await pass(clock);
  }
  return done;
}
