import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { RawServer } from '#test/end-to-end/internet-delivery/raw-server.ts';
import { connect } from './connect.ts';

describe('Connecting as a client does', () => {
  it('gives up on a server that says nothing', async () => {
    const clock = new ManualClock();
    await using silent = await RawServer.start(() => clock.advance(5_000));
    const target = { host: 'h.example', port: silent.port, useTls: true, protocols: ['h2'] };
    const connecting = connect(target, { clock, addressesOf: async () => ['127.0.0.1'] });
    await assert.rejects(connecting, {
      code: 'UNREACHABLE',
      reason: 'timed-out',
      message: `127.0.0.1 does not answer on port ${silent.port} in time`,
    });
  });

  it('says which addresses of a host do not answer when another does', async () => {
    await using server = await RawServer.start();
    const target = { host: 'h.example', port: server.port, useTls: false, protocols: [] };
    const addressesOf = async () => ['127.0.0.2', '127.0.0.1'];
    const { address, failed } = await connect(target, { clock: new ManualClock(), addressesOf });
    assert.equal(address, '127.0.0.1');
    assert.deepEqual(
      failed.map((each) => each.address),
      ['127.0.0.2'],
    );
  });
});
