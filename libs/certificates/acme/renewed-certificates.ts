import {
  CERTIFICATE_FAILURE_REASONS,
  CertificateError,
  type CertificateFailure,
  type Certificates,
  type TlsCertificate,
} from '../port.ts';
import { readCertificate } from '../read-certificate.ts';
import { CertificateOrders, type OrderParts } from './certificate-orders.ts';
import { certificateError } from './problems.ts';
import { MOST_PAUSE_MS, pauseAfterFailure, renewalOf } from './renewal-times.ts';

/** The longest wait between looks at the clock, which may be set, or stand while the machine sleeps. */
const LOOK_MS = 3_600_000;
/** How soon after a start an attempt may follow a failed one, unless the authority set the time. */
const AFTER_START_MS = 60_000;
/** Between looks whether the clock is right again, which order nothing. */
const WHILE_IN_DOUBT_MS = 600_000;

interface RenewedCertificatesParts extends OrderParts {
  /** From 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: () => number;
}

interface RenewedCertificatesOptions {
  /** A domain name in canonical form. */
  readonly name: string;
  /** The authority's URL; a certificate from another one is replaced. */
  readonly directory: string;
}

/**
 * Certificates that an authority issues, each ordered at two thirds of the life of the one before.
 *
 * Begins with what was kept. After a failure it tries again with growing pauses, which outlive the
 * process, so that one that starts again and again does not use up what the authority allows. An
 * order that is under way when this is disposed of is ended.
 */
export class RenewedCertificates implements Certificates {
  readonly #options: RenewedCertificatesOptions;
  readonly #parts: RenewedCertificatesParts;
  readonly #orders: CertificateOrders;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  #current: TlsCertificate | null = null;
  #failure: CertificateFailure | null = null;
  /** When the next certificate is due, by the time of day. */
  #renewAt = new Date(0);
  /** Before then nothing is ordered, by {@link Clock.elapsedMs}: the clock may be set meanwhile. */
  #pausedUntilMs = 0;
  /** Whether it was said, and by this process, that the clock is in doubt. */
  #saidDoubt = false;
  #cancel = () => {};
  #looking: Promise<void> = Promise.resolve();
  #onCertificate: (certificate: TlsCertificate) => void = () => {};

  constructor(options: RenewedCertificatesOptions, parts: RenewedCertificatesParts) {
    this.#options = options;
    this.#parts = parts;
    this.#orders = new CertificateOrders(options, parts);
    this.#random = parts.random ?? Math.random;
  }

  get current(): TlsCertificate | null {
    return this.#current;
  }

  get failure(): CertificateFailure | null {
    return this.#failure;
  }

  /** Resolves when what was kept is read; orders go on in the background. */
  async start(onCertificate: (certificate: TlsCertificate) => void): Promise<void> {
    this.#onCertificate = onCertificate;
    await this.#parts.files.prepare();
    await this.#takeKept();
    await this.#heedKeptAttempts();
    this.#wait();
  }

  /** Resolves once nothing goes on any more, which takes as long as a file at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the gateway stops'));
    this.#cancel();
    await this.#looking;
  }

  async #takeKept(): Promise<void> {
    const { name, directory } = this.#options;
    const { files, log } = this.#parts;
    const kept = await files.certificate(name);
    if (!kept) {
      return;
    }
    try {
      this.#take(readCertificate(kept, name));
    } catch (error) {
      log.warn({ error }, 'The certificate that was kept cannot be used: ordering another');
      return;
    }
    if (kept.directory !== directory) {
      this.#renewAt = new Date(0);
    }
  }

  async #heedKeptAttempts(): Promise<void> {
    const { files, clock } = this.#parts;
    const kept = await files.attempts();
    if (kept && [null, this.#options.directory].includes(kept.directory)) {
      const { failures, detail } = kept;
      const reason = CERTIFICATE_FAILURE_REASONS.find((each) => each === kept.reason) ?? 'refused';
      this.#failure = { failures, reason, detail };
      const leftMs = kept.nextAt.getTime() - clock.now().getTime();
      this.#pause(Math.min(leftMs, reason === 'rate-limit' ? MOST_PAUSE_MS : AFTER_START_MS));
    }
  }

  #take(certificate: TlsCertificate): void {
    this.#onCertificate(certificate);
    this.#current = certificate;
    this.#renewAt = renewalOf(certificate, this.#random);
  }

  #pause(pauseMs: number): void {
    this.#pausedUntilMs = this.#parts.clock.elapsedMs() + pauseMs;
  }

  #wait(): void {
    if (this.#closing.signal.aborted) {
      return;
    }
    const { clock } = this.#parts;
    const untilDueMs = this.#renewAt.getTime() - clock.now().getTime();
    const pauseMs = this.#pausedUntilMs - clock.elapsedMs();
    const waitMs = Math.min(Math.max(untilDueMs, pauseMs, 0), LOOK_MS);
    this.#cancel = clock.schedule(waitMs, () => {
      this.#looking = this.#look().then(() => this.#wait());
    });
  }

  async #look(): Promise<void> {
    const { clock } = this.#parts;
    if (this.#renewAt > clock.now()) {
      // It was due by a clock that has been set since.
      await (this.#failure && this.#succeeded().catch(() => {}));
    } else if (this.#pausedUntilMs <= clock.elapsedMs()) {
      await this.#order();
    }
  }

  async #order(): Promise<void> {
    const { log } = this.#parts;
    try {
      const certificate = await this.#orders.place(lifeOf(this.#current), this.#closing.signal);
      if (this.#closing.signal.aborted) {
        return;
      }
      log.info({ expiresAt: certificate.expiresAt }, 'Using a new certificate');
      this.#take(certificate);
      this.#assertFresh(certificate);
      await this.#succeeded();
    } catch (error) {
      await this.#failed(error);
    }
  }

  /** @throws {CertificateError} if the next one is due already, and would be ordered at once */
  #assertFresh({ validFrom, expiresAt }: TlsCertificate): void {
    if (this.#renewAt <= this.#parts.clock.now()) {
      const dates = [validFrom, expiresAt].map((date) => date.toISOString()).join(' to ');
      const happened = `the certificate that was just issued, from ${dates}, is old already by this machine’s clock`;
      throw certificateError('clock', happened, { retryAfterMs: MOST_PAUSE_MS });
    }
  }

  async #succeeded(): Promise<void> {
    this.#failure = null;
    this.#saidDoubt = false;
    await this.#parts.files.forgetAttempts();
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#closing.signal.aborted) {
      return;
    }
    const { log, files, clock } = this.#parts;
    const { reason, message, retryAfterMs } =
      error instanceof CertificateError ? error : new CertificateError('files', String(error));
    const isDoubt = reason === 'clock' && retryAfterMs === null;
    const wasDoubt = this.#failure?.reason === 'clock';
    // While the clock is in doubt nothing is ordered, and asking again is no other attempt.
    const failures = (this.#failure?.failures ?? 0) + (isDoubt && wasDoubt ? 0 : 1);
    this.#failure = { failures, reason, detail: message };
    const pauseMs = isDoubt
      ? WHILE_IN_DOUBT_MS
      : pauseAfterFailure(failures, retryAfterMs, this.#random);
    this.#pause(pauseMs);
    const nextAt = new Date(clock.now().getTime() + pauseMs);
    const why = { reason, detail: message, attempt: failures, retryAt: nextAt };
    log[isDoubt && this.#saidDoubt ? 'debug' : 'error'](why, 'No certificate could be had');
    this.#saidDoubt = isDoubt;
    if (!isDoubt || !wasDoubt) {
      // If this fails, too, the same is known until the process ends.
      const { directory } = this.#options;
      await files.keepAttempts({ ...this.#failure, directory, nextAt }).catch(() => {});
    }
  }
}

function lifeOf(certificate: TlsCertificate | null): number | null {
  return certificate && certificate.expiresAt.getTime() - certificate.validFrom.getTime();
}
