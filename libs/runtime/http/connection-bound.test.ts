import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LogFields, silentLog } from '#log/log.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { connectionBound } from './connection-bound.ts';

const OTHERS = 11_000;
const TWO = { servers: 2, others: OTHERS };

function limitedTo(limit: number) {
  return async () => ({ open: 0, limit });
}

describe('The connections that an HTTP server may have', () => {
  it('are no more than is of use, where descriptors abound or the system does not say', async () => {
    assert.equal(await connectionBound(TWO, silentLog, limitedTo(524_288)), 20_000);
    assert.equal(await connectionBound(TWO, silentLog, async () => null), 20_000);
  });

  it('leave an eighth of the descriptors, together with those of others', async () => {
    const each = await connectionBound(TWO, silentLog, limitedTo(32_768));
    assert.equal(2 * each + OTHERS, (32_768 * 7) / 8);
  });

  it('are a hundred at least, and the operator is told that they are few', async () => {
    const logged: [string, LogFields][] = [];
    assert.equal(await connectionBound(TWO, recordingLog(logged), limitedTo(1_024)), 100);
    assert.match(String(logged), /few file descriptors/);
  });
});
