import { hash } from 'node:crypto';
import { InvalidMessageError } from '#awala/errors.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { Cache } from '#bounds/cache.ts';
import type { Clock } from '#clock/clock.ts';

/** Authorisations counted at once; some 200 octets each. */
const MAX_AUTHORISATIONS = 10_000;

interface Period {
  deliveries: number;
}

/**
 * Limits senders to the parcels per period that their authorisations allow, by time of receipt. A
 * period starts with its first parcel.
 *
 * Each process counts for itself, and forgets at its end: several processes allow that many times
 * the limit.
 *
 * @see RS-002 "Rate Limiting Extension"
 */
export class DeliveryRates {
  /** Each until its end, keyed by the digest of what the issuer signed. */
  readonly #periods: Cache<Period>;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#periods = new Cache(clock, MAX_AUTHORISATIONS);
  }

  /**
   * Counts a delivery.
   *
   * @param authorization - the sender's certificate, verified
   * @returns a function that takes the delivery back if it came to nothing
   * @throws {InvalidMessageError} `rate-limit`, if the authorisation allows no more for now
   */
  take(authorization: Certificate): () => void {
    const { rateLimit } = authorization;
    if (!rateLimit) {
      return () => {};
    }
    const period = this.#period(authorization, rateLimit.periodSeconds);
    if (period.deliveries >= rateLimit.limit) {
      throw new InvalidMessageError(
        'rate-limit',
        'Sender has delivered as many parcels as its authorisation allows for now',
      );
    }
    period.deliveries += 1;
    return () => {
      period.deliveries -= 1;
    };
  }

  #period({ tbs }: Certificate, periodSeconds: number): Period {
    const key = hash('sha256', tbs, 'base64');
    const current = this.#periods.get(key);
    if (current) {
      return current;
    }
    const period = { deliveries: 0 };
    this.#periods.set(key, period, periodSeconds * 1_000);
    return period;
  }
}
