import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openOperations } from '#test/runtime/opened-operations.ts';

async function failWith(message: string): Promise<void> {
  throw new Error(message);
}

describe('operations server', () => {
  it('is live whatever fails', async () => {
    await using opened = await openOperations({ store: () => failWith('no space') });
    assert.equal((await opened.ask('/livez')).status, 200);
  });

  it('is ready while every check passes', async () => {
    await using opened = await openOperations({ a: async () => {}, b: async () => {} });
    const response = await opened.ask('/readyz');
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { ready: true, draining: false, failing: {} });
  });

  it('names every check that fails, and why', async () => {
    await using opened = await openOperations({
      signals: async () => {},
      'object-store': () => failWith('no space'),
      'key-vault': () => {
        throw new Error('at once');
      },
    });
    const response = await opened.ask('/readyz');
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), {
      ready: false,
      draining: false,
      failing: { 'object-store': 'no space', 'key-vault': 'at once' },
    });
  });

  it('gives up on a check that does not answer in time', async () => {
    const asked = Promise.withResolvers<void>();
    await using opened = await openOperations({
      slow() {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    const responding = opened.ask('/readyz');
    await asked.promise;
    opened.clock.advance(2_000);
    const response = await responding;
    assert.equal(response.status, 503);
    assert.match(await response.text(), /"slow":"no answer within 2000 ms"/);
  });

  it('is ready again as soon as what failed is back, and asks once for those who ask at once', async () => {
    let failing = true;
    let calls = 0;
    await using opened = await openOperations({
      async store() {
        calls += 1;
        if (failing) {
          throw new Error('away');
        }
      },
    });
    const probe = async () => (await opened.ask('/readyz')).status;
    assert.equal(await probe(), 503);
    failing = false;
    assert.equal(await probe(), 200);
    assert.equal(calls, 2);
  });

  it('asks at most once a second while nothing fails, however many probes there are', async () => {
    let calls = 0;
    await using opened = await openOperations({
      async store() {
        calls++;
        if (calls > 1) {
          throw new Error('broke down');
        }
      },
    });
    const probe = async () => (await opened.ask('/readyz')).status;
    assert.deepEqual(await Promise.all([probe(), probe(), probe()]), [200, 200, 200]);
    opened.clock.advance(999);
    assert.equal(await probe(), 200);
    assert.equal(calls, 1);
    opened.clock.advance(1);
    assert.equal(await probe(), 503);
    assert.equal(calls, 2);
  });

  it('is not ready while the service drains', async () => {
    await using opened = await openOperations({ a: async () => {} });
    opened.readiness.drain();
    const response = await opened.ask('/readyz');
    assert.equal(response.status, 503);
    assert.deepEqual(await response.json(), { ready: false, draining: true, failing: {} });
    assert.equal((await opened.ask('/livez')).status, 200);
  });

  it('is sent clients from when everything answered once until it drains, whatever fails meanwhile', async () => {
    let isAway = true;
    await using opened = await openOperations({
      async store() {
        if (isAway) {
          throw new Error('away');
        }
      },
    });
    const probe = async () => {
      opened.clock.advance(1_000);
      return (await opened.ask('/servez')).status;
    };
    assert.equal(await probe(), 503);
    isAway = false;
    assert.equal(await probe(), 200);
    isAway = true;
    assert.equal(await probe(), 200);
    assert.equal((await opened.ask('/readyz')).status, 503);
    opened.readiness.drain();
    assert.equal(await probe(), 503);
  });

  it('shows the metrics to Prometheus', async () => {
    await using opened = await openOperations({});
    opened.metrics.gateway.registered();
    const response = await opened.ask('/metrics');
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(await response.text(), /^awala_registrations_total 1$/m);
  });

  it('says what runs', async () => {
    await using opened = await openOperations({});
    const answer = await (await opened.ask('/version')).text();
    const { version, ...rest }: Record<string, unknown> = JSON.parse(answer);
    assert.match(String(version), /^\d+\.\d+\.\d+/);
    assert.deepEqual(rest, {
      service: 'poweb',
      revision: '0123abc',
      imageDigest: null,
      node: process.version,
    });
  });
});
