import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TlsAuthority } from '#test/builders/tls-certificates.ts';
import { OrdersUnderTest } from '#test/certificates/orders-under-test.ts';
import { until } from '#test/runtime/until.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

describe('orders of certificates by a clock that the authority’s differs from', () => {
  const validFrom = new Date('2026-03-01T00:00:00Z');
  const certificate = new TlsAuthority().issue({ validFrom });
  let orders: OrdersUnderTest;

  beforeEach(async () => {
    orders = await OrdersUnderTest.begin(certificate);
  });
  afterEach(() => orders[Symbol.asyncDispose]());

  for (const [what, offsetMs] of Object.entries({
    'a day ahead': DAY_MS,
    'a day behind': -DAY_MS,
    'years ahead': 2_000 * DAY_MS,
    'years behind': -2_000 * DAY_MS,
    'six minutes ahead': 6 * MINUTE_MS,
  })) {
    it(`are not made while it is ${what}, over restarts, and are as soon as it is right`, async () => {
      orders.authority.tells = async () => orders.clock.now().getTime() - offsetMs;
      for (let days = 0; days < 3; days++) {
        await using certificates = await orders.start();
        await orders.pass(DAY_MS, HOUR_MS);
        assert.equal(certificates.failure?.reason, 'clock');
      }
      assert.equal(orders.authority.orders, 0);
      // Once by each process.
      assert.equal(orders.logged.filter(([message]) => message.startsWith('error')).length, 3);
      await using certificates = await orders.start();
      await orders.pass(MINUTE_MS);
      orders.authority.tells = null;
      orders.clock.set(new Date(orders.clock.now().getTime() - offsetMs));
      orders.authority.says = new TlsAuthority().issue({ validFrom: orders.clock.now() });
      await orders.pass(10 * MINUTE_MS, 5 * MINUTE_MS);
      await until(() => certificates.current !== null);
      assert.deepEqual([orders.authority.orders, certificates.failure], [1, null]);
    });
  }

  it('are said not to be made once, with the offset and what to do, and count as one failure', async () => {
    orders.authority.tells = async () => orders.clock.now().getTime() - DAY_MS;
    await using certificates = await orders.start();
    await orders.pass(DAY_MS, 10 * MINUTE_MS);
    const said = orders.logged.filter(([message]) => message.startsWith('error'));
    assert.equal(said.length, 1);
    const [message, { reason, detail, attempt }] = said[0] ?? ['', {}];
    assert.deepEqual([message, reason, attempt], ['error No certificate could be had', 'clock', 1]);
    assert.match(
      String(detail),
      /it is 86400 s ahead of the certificate authority; let NTP set this machine’s clock/,
    );
    assert.equal(certificates.failure?.failures, 1);
  });

  it('are not made while the authority’s own certificate is out of date by it', async () => {
    orders.authority.tells = async () => {
      throw Object.assign(new Error('it failed'), { code: 'CERT_HAS_EXPIRED' });
    };
    await using certificates = await orders.start();
    await orders.pass(HOUR_MS, 10 * MINUTE_MS);
    assert.equal(certificates.failure?.reason, 'clock');
    assert.match(certificates.failure?.detail ?? '', /shows 2026-03-01.* is out of date; let NTP/);
    assert.equal(orders.authority.orders, 0);
  });

  it('leave the present certificate as it is, and are no more wanted once the clock is right', async () => {
    await using certificates = await orders.start();
    await orders.pass(0);
    await until(() => certificates.current !== null);
    orders.authority.tells = async () => orders.clock.now().getTime() - 70 * DAY_MS;
    orders.clock.set(new Date(orders.clock.now().getTime() + 70 * DAY_MS));
    await orders.pass(DAY_MS, HOUR_MS);
    assert.equal(certificates.failure?.reason, 'clock');
    orders.authority.tells = null;
    orders.clock.set(new Date(validFrom.getTime() + 2 * DAY_MS));
    await orders.pass(HOUR_MS, 10 * MINUTE_MS);
    await until(() => certificates.failure === null);
    assert.equal(orders.authority.orders, 1);
    assert.equal(certificates.current?.chain, certificate.chain);
  });
});
