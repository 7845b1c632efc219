import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import type { LogFields } from '#log/log.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import type { RecordFields, RecordKind, StoredRecord } from '#record-store/port.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { PeerOrders } from './peer-orders.ts';
import { PeerPolicy } from './peer-policy.ts';

const LOOK_MS = 5_000;

describe('the blocks that a process knows', () => {
  function opened() {
    const clock = new ManualClock();
    const state = { fault: null as Error | null, calls: 0, unreadable: '' };
    const records = new InMemoryRecordStore({
      clock,
      before: () => {
        state.calls += 1;
        if (state.fault) {
          throw state.fault;
        }
      },
    });
    async function* list<F extends RecordFields>(kind: RecordKind<F>, prefix: string) {
      for await (const record of records.list(kind, prefix)) {
        const { fields: _, ...others } = record;
        // As if written by another version.
        yield record.id.endsWith(state.unreadable || '-') ? (others as StoredRecord<F>) : record;
      }
    }
    const logged: [string, LogFields][] = [];
    const get = records.get.bind(records);
    const policy = new PeerPolicy({ records: { get, list }, clock, log: recordingLog(logged) });
    const orders = new PeerOrders({ records, clock, by: 'olga' });
    const block = (peer: string) =>
      orders.block({ peer, reason: 'floods us', until: null, mayCollect: false });
    /** Lets looks pass until something holds. */
    const looked = (holds: () => boolean) =>
      until(() => {
        clock.advance(LOOK_MS);
        return holds();
      });
    const errors = () => logged.map(([line]) => line).filter((line) => line.startsWith('error'));
    return { state, policy, block, looked, errors };
  }

  it('stay in effect after a surprise, which is told once, and are read again later', async () => {
    const { state, policy, block, looked, errors } = opened();
    await using _looking = policy.keepCurrent();
    await block('0a');
    await looked(() => policy.blockOf('0a') !== null);

    state.fault = new TypeError('surprise');
    state.calls = 0;
    await looked(() => state.calls >= 3);
    assert.deepEqual(errors(), [
      'error Blocks and quotas could not be read again; those known stay in effect',
    ]);
    assert.ok(policy.blockOf('0a'));

    state.fault = null;
    await block('0b');
    await looked(() => policy.blockOf('0b') !== null);
  });

  it('are all that can be read', async () => {
    const { state, policy, block, looked, errors } = opened();
    await using _looking = policy.keepCurrent();
    state.unreadable = '0a';
    await block('0a');
    await block('0b');
    await looked(() => policy.blockOf('0b') !== null);
    assert.equal(policy.blockOf('0a'), null);
    assert.deepEqual(errors(), [
      'error Some blocks or quotas cannot be read, and are not in effect',
    ]);
  });

  it('are told to all who listen, even if one of them fails', async () => {
    const { policy, block, looked, errors } = opened();
    let isTold = false;
    policy.onChanged(() => {
      throw new TypeError('surprise');
    });
    policy.onChanged(() => {
      isTold = true;
    });
    await using _looking = policy.keepCurrent();
    await block('0a');
    await looked(() => isTold);
    assert.deepEqual(errors(), ['error A change of blocks or quotas was not heeded']);
  });
});
