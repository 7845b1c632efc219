import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { GatewayUnderTest } from '#test/end-to-end/support/gateway-under-test.ts';
import { HttpClient } from '#test/peers/http-client.ts';

const PER_SECOND = 50;
const FLOOD_PER_SECOND = 300;
const FLOODER = '127.0.0.2';
const PROXY = '127.0.0.9';
/** A key costs nothing, and neither does its digest. */
const BODY = 'a'.repeat(64);

describe('A flood of pre-registrations from one address', () => {
  let opened: DisposableStack;
  let gateway: GatewayUnderTest;

  beforeEach(async () => {
    opened = new DisposableStack();
    gateway = await GatewayUnderTest.start({}, { TRUSTED_PROXIES: PROXY });
  });

  afterEach(async () => {
    opened.dispose();
    await gateway[Symbol.asyncDispose]();
  });

  /** @returns a function that asks `times` times at once, and says how often that succeeded */
  function clientFrom(from: string, maxSockets = 1) {
    const client = opened.use(new HttpClient(gateway.poweb, { from, maxSockets }));
    return async (times: number, forwardedFor?: string): Promise<number> => {
      const headers = {
        'content-type': 'text/plain',
        ...(forwardedFor !== undefined && { 'x-forwarded-for': forwardedFor }),
      };
      const asking = Array.from({ length: times }, async () => {
        const { status } = await client.post('/v1/pre-registrations', { headers, body: BODY });
        assert.ok(status === 200 || status === 503, `${status}`);
        return status === 200;
      });
      return (await Promise.all(asking)).filter(Boolean).length;
    };
  }

  it('keeps out no phone of another network, and takes what is left', async () => {
    const flood = clientFrom(FLOODER, 10);
    let flooded = await flood(FLOOD_PER_SECOND);
    let [asked, passed] = [0, 0];
    await gateway.pass(10, async () => {
      flooded += await flood(FLOOD_PER_SECOND);
      for (let phone = 0; phone < 4; phone++) {
        passed += await clientFrom(`127.0.1.${asked++}`)(1);
      }
    });
    assert.equal(asked, 40);
    assert.ok(passed >= 38, `${passed} of 40`);
    assert.ok(flooded + passed <= 12 * PER_SECOND, `${flooded}`);
    assert.ok(flooded >= 9 * PER_SECOND, `${flooded}`);
  });

  it('leaves half to the many phones behind one other address', async () => {
    const flood = clientFrom(FLOODER, 10);
    const crowd = clientFrom('127.0.0.3', 10);
    await flood(FLOOD_PER_SECOND);
    let passed = 0;
    for (let tick = 0; tick < 100; tick++) {
      gateway.clock.advance(100);
      passed += await crowd(10);
      await flood(FLOOD_PER_SECOND / 10);
    }
    assert.ok(passed >= 0.95 * 10 * (PER_SECOND / 2), `${passed}`);
  });

  it('leaves the phones of its own address a part of what that gets', async () => {
    const [flood, phone] = [clientFrom(FLOODER), clientFrom(FLOODER)];
    let [flooded, passed] = [0, 0];
    await gateway.pass(4, async () => {
      for (let turn = 0; turn < PER_SECOND; turn++) {
        flooded += await flood(1);
        passed += await phone(1);
      }
    });
    assert.ok(Math.abs(flooded - passed) < 0.05 * passed, `${flooded}, ${passed}`);
  });

  it('is one behind a trusted proxy too, whatever addresses it makes up', async () => {
    const proxy = clientFrom(PROXY, 10);
    let made = 0;
    const flood = async () => {
      const forged = Array.from({ length: FLOOD_PER_SECOND }, () =>
        proxy(1, `198.51.${made >> 8}.${made++ & 0xff}, 192.0.2.1`),
      );
      await Promise.all(forged);
    };
    await flood();
    let passed = 0;
    await gateway.pass(5, async () => {
      await flood();
      passed += await proxy(1, `203.0.113.${made & 0xff}`);
      passed += await proxy(1, `2001:db8:${(made & 0xffff).toString(16)}::1`);
    });
    assert.equal(passed, 10);
  });

  it('gains nothing by the address that it names without a proxy', async () => {
    const flood = clientFrom(FLOODER, 10);
    let made = 0;
    await gateway.pass(3, async () => {
      const forged = Array.from({ length: FLOOD_PER_SECOND }, () =>
        flood(1, `203.0.113.${made++ & 0xff}`),
      );
      await Promise.all(forged);
      assert.equal(await clientFrom(`127.0.2.${made & 0xff}`)(5), 5);
    });
  });
});
