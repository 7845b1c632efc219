import { createPrivateKey } from 'node:crypto';
import { blamesClock } from '#clock/blames-clock.ts';
import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { Log } from '#log/log.ts';
import { CertificateError, type TlsCertificate } from '../port.ts';
import { readCertificate } from '../read-certificate.ts';
import type { CertificateAuthority, Challenges } from './authority.ts';
import type { KeptFiles } from './kept-files.ts';
import { type Ordered, OrderNotes } from './order-notes.ts';
import { certificateError, unaskedError } from './problems.ts';

/** What an order takes. */
export interface OrderParts {
  readonly authority: CertificateAuthority;
  readonly challenges: Challenges;
  readonly files: KeptFiles;
  readonly clock: Clock;
  /** Whether the clock may be right; hears the authority's. */
  readonly plausibility: ClockPlausibility;
  /** True for the system clock, which the authority's can check. */
  readonly isSystemClock: boolean;
  readonly log: Log;
}

/**
 * Orders certificates, one at a time, each only while this machine's clock is not in doubt and the
 * authority's limits are far: by a wrong clock, a new certificate may look old, and the next be due
 * at once.
 */
export class CertificateOrders {
  readonly #ordered: Ordered;
  readonly #parts: OrderParts;
  readonly #notes: OrderNotes;

  constructor(ordered: Ordered, parts: OrderParts) {
    this.#ordered = ordered;
    this.#parts = parts;
    this.#notes = new OrderNotes(ordered, parts);
  }

  /**
   * Orders a certificate, and keeps it unless the disk refuses it.
   *
   * @param lifeMs - how long certificates last; null if that is not known
   * @param signal - ends the order at once
   * @throws {CertificateError} if it cannot be had now
   */
  async place(lifeMs: number | null, signal: AbortSignal): Promise<TlsCertificate> {
    const { authority, challenges, files, log } = this.#parts;
    const { name, directory } = this.#ordered;
    await challenges.open();
    await this.#compareClocks(signal);
    const accountKey = await this.#accountKey();
    await noting('it', this.#notes.begin(lifeMs));
    try {
      const issued = await authority.issue({ name, accountKey, challenges, signal });
      const certificate = readCertificate(issued, name);
      await files.keepCertificate(name, { ...issued, directory }).catch((error) => {
        const message = 'The new certificate cannot be kept: it is used until this process ends';
        log.error({ error }, message);
      });
      return certificate;
    } catch (error) {
      if (error instanceof CertificateError && error.reason !== 'files' && !error.mayBeIssued) {
        // If this cannot be noted, it counts as one that brought a certificate.
        await this.#notes.failed().catch(() => {});
      }
      throw error;
    }
  }

  /** @throws {CertificateError} `clock`, if this machine's may be wrong */
  async #compareClocks(signal: AbortSignal): Promise<void> {
    const { authority, clock, plausibility, isSystemClock } = this.#parts;
    if (isSystemClock) {
      const askedMs = clock.now().getTime();
      const theirsMs = await authority.time(signal).catch((error) => this.#unasked(error));
      const oursMs = (askedMs + clock.now().getTime()) / 2;
      if (theirsMs !== null) {
        plausibility.hear({ by: 'the certificate authority', theirsMs, oursMs });
      }
    }
    const { doubt } = plausibility;
    if (doubt !== null) {
      throw certificateError('clock', `this machine’s clock may be wrong: ${doubt}`);
    }
  }

  #unasked(error: unknown): never {
    if (blamesClock(error)) {
      const time = this.#parts.clock.now().toISOString();
      const happened = `this machine’s clock shows ${time}, by which the authority’s own certificate is out of date`;
      throw certificateError('clock', happened, { cause: error });
    }
    throw unaskedError(error);
  }

  /** The same for all orders: authorities limit how many accounts one may have. */
  async #accountKey(): Promise<string> {
    const { authority, files, log } = this.#parts;
    const kept = await files.accountKey();
    if (kept !== null && isPrivateKey(kept)) {
      return kept;
    }
    if (kept !== null) {
      log.warn({}, 'The key of the account with the authority is damaged: making another account');
    }
    const made = await authority.newAccountKey();
    await noting('the key of the account', files.keepAccountKey(made));
    return made;
  }
}

/**
 * What cannot be noted is not ordered, or a full disk would use up what the authority allows.
 *
 * @param what - is noted
 * @throws {CertificateError} `files`, if it cannot be; or the one that noting throws
 */
async function noting(what: string, written: Promise<void>): Promise<void> {
  try {
    await written;
  } catch (error) {
    if (error instanceof CertificateError) {
      throw error;
    }
    const message = error instanceof Error ? error.message : String(error);
    const happened = `nothing is ordered, as ${what} cannot be noted in DATA_DIR (${message})`;
    throw certificateError('files', happened, { cause: error });
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    createPrivateKey(pem);
    return true;
  } catch {
    return false;
  }
}
