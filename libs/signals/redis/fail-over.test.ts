import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { silentLog } from '#log/log.ts';
import { uniqueName } from '#test/backing/backing.ts';
import { type FaultProxy, startFaultProxy } from '#test/backing/fault-proxy.ts';
import { type RedisPair, startRedisPair } from '#test/backing/redis-pair.ts';
import { until } from '#test/runtime/until.ts';
import { RecordingListener } from '../contract/opened-signals.ts';
import { RedisSignals } from './signals.ts';

const started = await startRedisPair();
const missing = 'missing' in started ? started.missing : false;
assert.ok(!(missing && process.env.CI), String(missing));

describe('signals over a Redis whose master becomes a replica and keeps its connections', {
  skip: missing,
}, () => {
  const pair = started as RedisPair;
  const prefix = `${uniqueName('signals')}:`;
  let proxy: FaultProxy;

  before(async () => {
    proxy = await startFaultProxy(pair.addresses[0]);
  });
  after(async () => {
    await proxy?.[Symbol.asyncDispose]();
    await (missing ? undefined : pair[Symbol.asyncDispose]());
  });

  function open(address: string): RedisSignals {
    return new RedisSignals({
      url: `redis://${address}`,
      log: silentLog,
      prefix,
      deadlineMs: 2_000,
      interruptionSpreadMs: 20,
    });
  }

  it('arrive from whoever had a connection to the former master, in the end', async () => {
    await using publisher = open(proxy.address);
    await publisher.check();
    const listener = new RecordingListener();
    publisher.publish('peer', 'before');
    proxy.leadTo(pair.addresses[1]);
    await pair.swap();
    // It listens where the publisher does not publish yet, whose message does not come from a replica.
    await using subscriber = open(pair.addresses[1]);
    await subscriber.subscribe('peer', listener).ready;
    publisher.publish('peer', 'after');
    await listener.received('after');
    const works = () =>
      publisher.check().then(
        () => true,
        () => false,
      );
    await until(works, 20);
    publisher.publish('peer', 'later');
    await listener.received('later');
  });

  it('are not said to work while the address leads to a replica', async () => {
    // The second is the master now.
    await using signals = open(pair.addresses[0]);
    await assert.rejects(signals.check(), BackingUnavailableError);
    await using well = open(pair.addresses[1]);
    await well.check();
  });

  it('are not said to work if what is published is not heard', async () => {
    const [, master] = pair.clients;
    await master.acl('SETUSER', 'deaf', 'on', '>secret', '~*', '+@all', 'resetchannels');
    await using signals = open(`deaf:secret@${pair.addresses[1]}`);
    await assert.rejects(signals.check(), BackingUnavailableError);
  });
});
