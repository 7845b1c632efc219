import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { traceOf } from '#log/trace.ts';
import { type GatewayMetrics, noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { recordKind } from '#record-store/port.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import { PoisonJobError } from '#work-queue/port.ts';
import { Sweeper } from './sweeper.ts';

const PARCEL = 'parcels/internet-bound/app.example/sender/one';
const CARGO = 'cargo/sender/one';
const HELD = 'parcels/gateway-bound/gateway/recipient/sender/one';
const HOUR_MS = 3_600_000;

class Setting {
  readonly clock = new ManualClock();
  readonly objects: InMemoryObjectStore;
  readonly records = new InMemoryRecordStore({ clock: this.clock });
  readonly queue = new InMemoryWorkQueue({ clock: this.clock });
  readonly logged: [string, LogFields][] = [];
  readonly log = recordingLog(this.logged);
  readonly counted: string[] = [];
  readonly metrics: GatewayMetrics = {
    ...noMetrics,
    parcelDelivered: (outcome) => this.counted.push(`parcel ${outcome}`),
    expired: (what, count) => this.counted.push(`${count} ${what} expired`),
  };
  readonly signal = new AbortController().signal;

  constructor(objects: InMemoryObjectStore = new InMemoryObjectStore()) {
    this.objects = objects;
  }

  sweeper(batchSize = 500): Sweeper {
    return new Sweeper(this, { batchSize, pauseMs: 1_000, concurrency: 4 });
  }

  async store(...keys: string[]): Promise<void> {
    const expiresAt = new Date(this.clock.now().getTime() + HOUR_MS);
    for (const key of keys) {
      await this.objects.put(key, Buffer.from('octets'), { expiresAt });
    }
  }

  async depths(): Promise<number[]> {
    return [await this.queue.depth('internet-delivery'), await this.queue.depth('incoming-cargo')];
  }

  async stored(): Promise<string[]> {
    return (await Array.fromAsync(this.objects.list(''))).map(({ key }) => key);
  }
}

describe('Sweeper', () => {
  it('queues what is stored and has no job, but nothing held for private gateways', async () => {
    const setting = new Setting();
    await setting.store(PARCEL, CARGO, HELD);
    await setting.sweeper().sweep(setting.signal);
    assert.deepEqual(await setting.depths(), [1, 1]);
  });

  it('changes nothing for what has a job, however many sweep at once', async () => {
    const setting = new Setting();
    await setting.store(PARCEL, CARGO);
    const sweeps = [1, 2, 3].map(() => setting.sweeper().sweep(setting.signal));
    await Promise.all(sweeps);
    assert.deepEqual(await setting.depths(), [1, 1]);
  });

  it('removes nothing by a clock that is in doubt, and queues what lives by it', async () => {
    const setting = new Setting();
    await setting.store(PARCEL, CARGO, HELD);
    setting.clock.advance(HOUR_MS + 1);
    const plausibility: { doubt: string | null } = { doubt: 'it jumped' };
    const sweeper = new Sweeper(
      { ...setting, plausibility },
      { batchSize: 500, pauseMs: 1_000, concurrency: 4 },
    );
    await sweeper.sweep(setting.signal);
    assert.equal((await setting.stored()).length, 3);
    plausibility.doubt = null;
    await sweeper.sweep(setting.signal);
    assert.deepEqual(await setting.stored(), []);
  });

  it('leaves alone what was set aside', async () => {
    const setting = new Setting();
    await setting.store(CARGO);
    await setting.sweeper().sweep(setting.signal);
    const poison = async () => {
      throw new PoisonJobError('no');
    };
    const options = { concurrency: 1, maxAttempts: 1, visibilityTimeoutMs: 1_000 };
    const consumer = setting.queue.consume('incoming-cargo', poison, options);
    const listed = () => Array.fromAsync(setting.queue.listSetAside());
    await until(async () => (await listed()).length > 0);
    await setting.sweeper().sweep(setting.signal);
    assert.deepEqual(await setting.depths(), [0, 0]);
    assert.deepEqual(await setting.stored(), [CARGO]);
    await consumer.close({ drainMs: 0 });
  });

  it('removes and counts what has expired, and says of each that it is gone', async () => {
    const setting = new Setting();
    await setting.store(PARCEL, CARGO, HELD);
    const expiresAt = new Date(setting.clock.now().getTime() + HOUR_MS);
    await setting.records.create(recordKind('some-kind'), 'id', {}, { expiresAt });
    setting.clock.advance(HOUR_MS + 1);
    await setting.sweeper().sweep(setting.signal);
    assert.deepEqual(await setting.stored(), []);
    const expired = setting.logged.filter(([, { step }]) => step === 'expired');
    assert.deepEqual(
      expired.map(([, { trace }]) => trace),
      [PARCEL, CARGO, HELD].map(traceOf),
    );
    assert.deepEqual(await setting.depths(), [0, 0]);
    assert.deepEqual(setting.counted, [
      'parcel expired',
      '1 cargo expired',
      '1 parcel expired',
      '1 record expired',
    ]);
  });

  it('does not remove what replaced something expired meanwhile', async () => {
    const setting: Setting = new Setting(
      new InMemoryObjectStore({
        before: ({ method }) => (method === 'delete' ? setting.store(PARCEL) : undefined),
      }),
    );
    await setting.store(PARCEL);
    setting.clock.advance(HOUR_MS + 1);
    await setting.sweeper().sweep(setting.signal);
    assert.deepEqual(await setting.stored(), [PARCEL]);
    assert.deepEqual(setting.counted, []);
  });

  it('pauses after each batch', async () => {
    const setting = new Setting();
    await setting.store(...Array.from({ length: 25 }, (_, index) => `cargo/sender/${index}`));
    const sweep = setting.sweeper(10).sweep(setting.signal);
    for (const depth of [10, 20]) {
      await until(async () => (await setting.depths())[1] === depth);
      for (let turn = 0; turn < 10; turn++) {
        await setImmediate();
      }
      assert.deepEqual(await setting.depths(), [0, depth]);
      setting.clock.advance(1_000);
    }
    await sweep;
    assert.deepEqual(await setting.depths(), [0, 25]);
  });

  it('ends when it is told to, also while it pauses', async () => {
    const setting = new Setting();
    await setting.store(CARGO, 'cargo/sender/two');
    const aborter = new AbortController();
    const sweep = setting.sweeper(1).sweep(aborter.signal);
    const reason = new Error('stop');
    const ended = assert.rejects(sweep, reason);
    await until(async () => (await setting.depths())[1] !== 0);
    aborter.abort(reason);
    await ended;
  });

  it('fails when a backing service does, for somebody to try again', async () => {
    const setting = new Setting(
      new InMemoryObjectStore({
        before: ({ method }) => {
          if (method === 'list') {
            throw new BackingUnavailableError('object-store', 'down');
          }
        },
      }),
    );
    await assert.rejects(setting.sweeper().sweep(setting.signal), { code: 'backing-unavailable' });
  });
});
