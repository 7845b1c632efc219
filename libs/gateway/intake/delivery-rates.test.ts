import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OIDS } from '#awala/der/oids.ts';
import { integer, sequence } from '#awala/der/writer.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InProcessTallies } from '#tallies/in-process/tallies.ts';
import { craftCertificate, extension } from '#test/builders/crafted-certificates.ts';
import { identity, validAround } from '#test/builders/peers.ts';
import { DeliveryRates } from './delivery-rates.ts';

const PERIOD_MS = 60_000;

describe('the rate at which a sender may deliver', () => {
  const clock = new ManualClock();

  function authorization(limit?: number, seconds = PERIOD_MS / 1_000): Certificate {
    const rate = sequence(integer(limit ?? 0), integer(seconds));
    return craftCertificate({
      ...validAround(clock.now()),
      subject: identity('sender'),
      issuer: identity('recipient'),
      moreExtensions: limit === undefined ? [] : [extension(OIDS.deliveryRateLimit, false, rate)],
    });
  }

  const opened = () => new DeliveryRates({ tallies: new InProcessTallies({ clock }) });
  const refusalIn = (ms: number) => (error: unknown) => {
    assert.partialDeepStrictEqual(error, { code: 'rate-limit', againInMs: ms });
    return true;
  };

  it('is that of its authorisation, in any period', async () => {
    const rates = opened();
    const twoPerMinute = authorization(2);

    await rates.take(twoPerMinute);
    clock.advance(PERIOD_MS / 2);
    await rates.take(twoPerMinute);
    await assert.rejects(rates.take(twoPerMinute), { code: 'rate-limit' });

    clock.advance(PERIOD_MS / 2 + PERIOD_MS / 24);
    await rates.take(twoPerMinute);
    await assert.rejects(rates.take(twoPerMinute), { code: 'rate-limit' });
  });

  it('is counted for each authorisation on its own', async () => {
    const rates = opened();
    const [one, other] = [authorization(1), authorization(1)];

    await rates.take(one);
    await rates.take(other);
    await assert.rejects(rates.take(one), { code: 'rate-limit' });
  });

  it('does not count what came to nothing', async () => {
    const rates = opened();
    const once = authorization(1);

    const takeBack = await rates.take(once);
    takeBack();
    await rates.take(once);
  });

  it('may be none at all, and of any period', async () => {
    const rates = opened();

    await assert.rejects(rates.take(authorization(0)), refusalIn(PERIOD_MS));
    await assert.rejects(rates.take(authorization(0, 0)), refusalIn(1_000));
    await assert.rejects(rates.take(authorization(0, 2 ** 30)), refusalIn(30 * 86_400_000));
  });

  it('is not limited unless the authorisation says so', async () => {
    const rates = opened();
    const unlimited = authorization();

    for (let count = 0; count < 100; count++) {
      await rates.take(unlimited);
    }
  });
});
