import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { ManualClock } from '#clock/manual-clock.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { Phone } from '#test/peers/phone.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';

const AN_HOUR_IN_MINUTES = 60;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const AHEAD = [
  { name: '8 hours', ms: 8 * HOUR_MS },
  { name: '100 days', ms: 100 * DAY_MS },
  { name: 'a year', ms: 365 * DAY_MS },
];

describe('A gateway on one machine whose clock was ahead when it started before', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'awala-clock-ahead-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const start = (time = START) =>
    GatewayUnderTest.start({ clock: new ManualClock(time) }, { DATA_DIR: folder });

  async function statusOfRegistration(gateway: GatewayUnderTest): Promise<number> {
    using client = new HttpClient(gateway.poweb);
    const headers = { 'content-type': 'text/plain' };
    const body = Buffer.from('ab'.repeat(32));
    return (await client.post('/v1/pre-registrations', { headers, body })).status;
  }

  async function passAnHour(gateway: GatewayUnderTest): Promise<void> {
    for (let minute = 0; minute < AN_HOUR_IN_MINUTES; minute++) {
      gateway.clock.advance(60_000);
      await setImmediate();
    }
  }

  /** How many days a phone is certified for that registers now. */
  async function daysCertified({ poweb, clock }: GatewayUnderTest): Promise<number> {
    const { phone } = await Phone.register(poweb, 'phone', clock.now());
    return (phone.certificate.notAfter.getTime() - clock.now().getTime()) / DAY_MS;
  }

  it('registers phones again after an hour, though nobody tells it the time', async () => {
    await (await start(new Date('2099-01-01')))[Symbol.asyncDispose]();
    await using gateway = await start();
    assert.equal(await statusOfRegistration(gateway), 503);
    await passAnHour(gateway);
    assert.equal(await statusOfRegistration(gateway), 200);
  });

  for (const { name, ms } of AHEAD) {
    it(`by ${name} certifies phones for as long as ever, then and later`, async () => {
      await (await start(new Date(START.getTime() + ms)))[Symbol.asyncDispose]();
      {
        await using gateway = await start();
        await passAnHour(gateway);
        assert.ok((await daysCertified(gateway)) > 179);
      }
      for (const day of [1, 95, 170, 190, 300]) {
        await using gateway = await start(new Date(START.getTime() + day * DAY_MS));
        const days = await daysCertified(gateway);
        assert.ok(days > 89, `on day ${day} for ${days} days`);
      }
    });
  }

  it('and is set right while it runs issues itself a certificate as soon as it believes its clock', async () => {
    await using gateway = await start(new Date(START.getTime() + 8 * HOUR_MS));
    using operator = new HttpClient(gateway.running.listening.operations);
    gateway.clock.set(START);
    assert.equal(await statusOfRegistration(gateway), 503);
    const { status, body } = await operator.get('/readyz');
    assert.equal(status, 503);
    assert.match(body.toString(), /identity/);
    await passAnHour(gateway);
    await passAnHour(gateway);
    assert.ok((await daysCertified(gateway)) > 179);
    assert.equal((await operator.get('/readyz')).status, 200);
  });
});
