import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BackingUnavailableError } from '#backing/errors.ts';
import { systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { mailboxPrefix } from '#gateway/held/object-keys.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { identity } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { until } from '#test/runtime/until.ts';
import { ANY_PORT } from '#test/services/any-port.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import { composeStandalone } from './compose.ts';
import { readStandaloneConfig } from './config.ts';
import type { GatewayStatus } from './status/gateway-status.ts';

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

it('a gateway in one process on a cloud store tells what the last census found', async () => {
  const config = readStandaloneConfig({
    ...ANY_PORT,
    OBJECT_STORE: 'gcs',
    GCS_BUCKET: 'unused',
    GCS_ENDPOINT: 'http://127.0.0.1:1',
  });
  const clock = systemClock;
  const objects = new InMemoryObjectStore();
  const parcel = { name: '1'.repeat(48), expiresAt: new Date(Date.now() + 3_600_000) };
  const key = `${mailboxPrefix(`0${'a'.repeat(64)}`)}${parcel.name}`;
  await objects.put(key, Buffer.from('twelve bytes'), parcel);
  await using gateway = await composeStandalone(config, {
    log: silentLog,
    objects,
    records: new InMemoryRecordStore({ clock }),
    vault: new MemoryVault(identity('us')),
    signals: new InProcessSignals({ log: silentLog }),
    queue: new InMemoryWorkQueue({ clock }),
  });
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${gateway.listening.operations}${path}`);
    return response.text();
  };
  await until(async () => JSON.parse(await ask('/status')).held !== null, 20);
  const { held } = JSON.parse(await ask('/status')) as GatewayStatus;
  assert.equal(held?.forPhones.objects, 1);
  assert.equal(held.forPhones.octets, 12);
  assert.ok(held.forPhones.oldestAt);
  assert.equal(held.forInternet, null);
  const metrics = await ask('/metrics');
  assert.match(metrics, /^awala_held_objects\{what="for-phones",service="standalone"\} 1$/m);
  assert.match(metrics, /^awala_held_octets\{what="for-phones",service="standalone"\} 12$/m);
  assert.match(
    metrics,
    /^awala_held_oldest_seconds\{what="for-phones",service="standalone"\} [\d.]+$/m,
  );
  assert.doesNotMatch(metrics, /what="cargo"/);
  assert.match(metrics, /^awala_held_index_incomplete_parts\{service="standalone"\} 0$/m);
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
