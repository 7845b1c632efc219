import { hash } from 'node:crypto';
import { InvalidMessageError } from '#awala/errors.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { LONGEST_WINDOW_MS, type Tallies } from '#tallies/port.ts';
import type { TakeBack } from './quotas.ts';

/** Shorter periods are counted as if they were as long. */
const LEAST_PERIOD_MS = 1_000;

/**
 * Limits senders to the parcels per period that their authorisations allow, by time of receipt and over
 * all processes.
 *
 * @see RS-002 "Rate Limiting Extension"
 */
export class DeliveryRates {
  readonly #tallies: Tallies;

  constructor({ tallies }: { readonly tallies: Tallies }) {
    this.#tallies = tallies;
  }

  /**
   * Counts a delivery.
   *
   * @param authorization - the sender's certificate, verified
   * @throws {InvalidMessageError} `rate-limit`, if the authorisation allows no more for now
   */
  async take({ rateLimit, tbs }: Certificate): Promise<TakeBack> {
    if (!rateLimit) {
      return () => {};
    }
    const periodMs = rateLimit.periodSeconds * 1_000;
    const windowMs = Math.min(Math.max(periodMs, LEAST_PERIOD_MS), LONGEST_WINDOW_MS);
    // What the issuer signed names the authorisation.
    const name = hash('sha256', tbs, 'base64url');
    const tallied = await this.#tallies.add(name, [1], [{ windowMs, most: [rateLimit.limit] }]);
    if (!tallied.isWithin) {
      const { againInMs } = tallied;
      throw new InvalidMessageError(
        'rate-limit',
        'Sender has delivered as many parcels as its authorisation allows for now',
        { againInMs },
      );
    }
    return tallied.takeBack;
  }
}
