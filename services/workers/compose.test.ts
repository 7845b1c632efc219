import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '#clock/clock.ts';
import { mailboxPrefix } from '#gateway/held/object-keys.ts';
import { InProcessHeldIndex } from '#held-index/in-process/held-index.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { identity } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { until } from '#test/runtime/until.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import { composeWorkers } from './compose.ts';
import { readWorkersConfig } from './config.ts';

it('the workers tell how much work waits, what is held, and how long the certificate lasts', async () => {
  const config = readWorkersConfig({
    INTERNET_ADDRESS: 'gateway.example',
    BIND_HOST: '127.0.0.1',
    OPERATIONS_PORT: '0',
    OBJECT_STORE: 'gcs',
    GCS_BUCKET: 'unused',
    GCS_ENDPOINT: 'http://127.0.0.1:1',
    RECORD_STORE: 'firestore',
    FIRESTORE_PROJECT: 'unused',
    KEY_VAULT: 'local',
    SIGNALS: 'redis',
    WORK_QUEUE: 'redis',
    REDIS_URL: 'redis://127.0.0.1:1',
  });
  const clock = systemClock;
  const objects = new InMemoryObjectStore();
  const key = `${mailboxPrefix(`0${'a'.repeat(64)}`)}${'1'.repeat(48)}`;
  await objects.put(key, Buffer.from('12'), { expiresAt: new Date(Date.now() + 3_600_000) });
  await using workers = await composeWorkers(config, {
    log: silentLog,
    objects,
    heldIndex: new InProcessHeldIndex({ clock, maxEntries: 10 }),
    records: new InMemoryRecordStore({ clock }),
    vault: new MemoryVault(identity('this gateway')),
    signals: new InProcessSignals({ log: silentLog }),
    queue: new InMemoryWorkQueue({ clock }),
  });
  let text = '';
  await until(async () => {
    const response = await fetch(`http://127.0.0.1:${workers.listening.operations}/metrics`);
    text = await response.text();
    return text.includes('awala_held_objects{');
  }, 20);
  assert.match(text, /^awala_held_objects\{what="for-phones",service="workers"\} 1$/m);
  assert.match(text, /^awala_held_octets\{what="for-phones",service="workers"\} 2$/m);
  assert.match(text, /^awala_held_oldest_seconds\{what="for-phones",service="workers"\} [\d.]+$/m);
  assert.match(text, /^awala_held_index_incomplete_parts\{service="workers"\} 0$/m);
  assert.match(text, /^awala_queue_jobs\{topic="internet-delivery",service="workers"\} 0$/m);
  assert.match(
    text,
    /^awala_queue_oldest_due_seconds\{topic="incoming-cargo",service="workers"\} 0$/m,
  );
  assert.match(text, /^awala_jobs_set_aside\{topic="incoming-cargo",service="workers"\} 0$/m);
  assert.match(text, /^awala_backing_ready\{backing="vault",service="workers"\} 1$/m);
  assert.match(text, /^awala_certificate_seconds_left\{service="workers"\} 1554/m);
});
