import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OIDS } from '#awala/der/oids.ts';
import { integer, sequence } from '#awala/der/writer.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { craftCertificate, extension } from '#test/builders/crafted-certificates.ts';
import { identity, validAround } from '#test/builders/peers.ts';
import { DeliveryRates } from './delivery-rates.ts';

const refusal = { code: 'rate-limit' };

describe('the rate at which a sender may deliver', () => {
  const clock = new ManualClock();

  function authorization(limit?: number): Certificate {
    const seconds = 60;
    const rate = sequence(integer(limit ?? 0), integer(seconds));
    return craftCertificate({
      ...validAround(clock.now()),
      subject: identity('sender'),
      issuer: identity('recipient'),
      moreExtensions: limit === undefined ? [] : [extension(OIDS.deliveryRateLimit, false, rate)],
    });
  }

  it('is that of its authorisation, period by period', () => {
    const rates = new DeliveryRates({ clock });
    const twoPerMinute = authorization(2);

    rates.take(twoPerMinute);
    clock.advance(59_999);
    rates.take(twoPerMinute);
    assert.throws(() => rates.take(twoPerMinute), refusal);

    clock.advance(1);
    rates.take(twoPerMinute);
  });

  it('is counted for each authorisation on its own', () => {
    const rates = new DeliveryRates({ clock });
    const [one, other] = [authorization(1), authorization(1)];

    rates.take(one);
    rates.take(other);
    assert.throws(() => rates.take(one), refusal);
  });

  it('does not count what came to nothing', () => {
    const rates = new DeliveryRates({ clock });
    const once = authorization(1);

    const takeBack = rates.take(once);
    takeBack();
    rates.take(once);
  });

  it('is not limited unless the authorisation says so', () => {
    const rates = new DeliveryRates({ clock });
    const unlimited = authorization();

    for (let count = 0; count < 100; count++) {
      rates.take(unlimited);
    }
  });
});
