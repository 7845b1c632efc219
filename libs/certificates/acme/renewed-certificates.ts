import { createPrivateKey } from 'node:crypto';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import {
  CERTIFICATE_FAILURE_REASONS,
  CertificateError,
  type CertificateFailure,
  type Certificates,
  type TlsCertificate,
} from '../port.ts';
import { readCertificate } from '../read-certificate.ts';
import type { CertificateAuthority, Challenges } from './authority.ts';
import type { KeptFiles } from './kept-files.ts';
import { MOST_PAUSE_MS, pauseAfterFailure, renewalOf } from './renewal-times.ts';

/** The longest wait between looks at the clock, which may be set, or stand while the machine sleeps. */
const LOOK_MS = 3_600_000;
/** How soon after a start an attempt may follow a failed one, unless the authority set the time. */
const AFTER_START_MS = 60_000;

interface RenewedCertificatesParts {
  readonly authority: CertificateAuthority;
  readonly challenges: Challenges;
  readonly files: KeptFiles;
  readonly clock: Clock;
  readonly log: Log;
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
 * process, so that one that starts again and again does not use up what the authority allows.
 */
export class RenewedCertificates implements Certificates {
  readonly #options: RenewedCertificatesOptions;
  readonly #parts: RenewedCertificatesParts;
  readonly #random: () => number;
  #current: TlsCertificate | null = null;
  #failure: CertificateFailure | null = null;
  #dueAt = new Date(0);
  /** Whether the next order awaits the end of a pause, rather than the end of a certificate. */
  #isPaused = false;
  #cancel = () => {};
  #isClosed = false;
  #writing: Promise<void> = Promise.resolve();
  #onCertificate: (certificate: TlsCertificate) => void = () => {};

  constructor(options: RenewedCertificatesOptions, parts: RenewedCertificatesParts) {
    this.#options = options;
    this.#parts = parts;
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

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancel();
    await this.#writing;
  }

  /** Lets whoever disposes of this wait for the file. */
  #write<Result>(written: Promise<Result>): Promise<Result> {
    this.#writing = written.then(
      () => {},
      () => {},
    );
    return written;
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
      this.#dueAt = new Date(0);
    }
  }

  async #heedKeptAttempts(): Promise<void> {
    const { files, clock } = this.#parts;
    const kept = await files.attempts();
    if (kept) {
      const { failures, detail } = kept;
      const reason = CERTIFICATE_FAILURE_REASONS.find((each) => each === kept.reason) ?? 'refused';
      this.#failure = { failures, reason, detail };
      const leftMs = kept.nextAt.getTime() - clock.now().getTime();
      this.#pause(reason === 'rate-limit' ? leftMs : Math.min(leftMs, AFTER_START_MS));
    }
  }

  #take(certificate: TlsCertificate): void {
    this.#onCertificate(certificate);
    this.#current = certificate;
    this.#dueAt = renewalOf(certificate, this.#random);
    this.#isPaused = false;
  }

  #pause(pauseMs: number): void {
    this.#dueAt = new Date(this.#parts.clock.now().getTime() + pauseMs);
    this.#isPaused = true;
  }

  #wait(): void {
    if (this.#isClosed) {
      return;
    }
    const { clock } = this.#parts;
    const untilMs = this.#dueAt.getTime() - clock.now().getTime();
    // The clock may have been ahead when the pause began.
    const leftMs = this.#isPaused ? Math.min(untilMs, MOST_PAUSE_MS) : untilMs;
    this.#dueAt = new Date(clock.now().getTime() + leftMs);
    this.#cancel = clock.schedule(Math.min(Math.max(leftMs, 0), LOOK_MS), () => {
      const isDue = this.#dueAt <= clock.now();
      void (isDue ? this.#order() : Promise.resolve()).then(() => this.#wait());
    });
  }

  async #order(): Promise<void> {
    const { name, directory } = this.#options;
    const { authority, challenges, files, log } = this.#parts;
    try {
      const accountKey = await this.#accountKey();
      const issued = await authority.issue({ name, accountKey, challenges });
      if (this.#isClosed) {
        return;
      }
      const certificate = readCertificate(issued, name);
      await this.#write(files.keepCertificate(name, { ...issued, directory }));
      await this.#write(files.forgetAttempts());
      this.#failure = null;
      log.info({ expiresAt: certificate.expiresAt }, 'Using a new certificate');
      this.#take(certificate);
      this.#pauseIfDue();
    } catch (error) {
      await this.#failed(error);
    }
  }

  /** By a clock that is months ahead, each would be ordered right after the one before. */
  #pauseIfDue(): void {
    const { clock, log } = this.#parts;
    if (this.#dueAt <= clock.now()) {
      log.error({}, 'The new certificate is old by this machine’s clock, which must be wrong');
      this.#pause(MOST_PAUSE_MS);
    }
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
    await this.#write(files.keepAccountKey(made));
    return made;
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    const { log, files } = this.#parts;
    const { reason, message, retryAfterMs } =
      error instanceof CertificateError ? error : new CertificateError('files', String(error));
    const failures = (this.#failure?.failures ?? 0) + 1;
    this.#failure = { failures, reason, detail: message };
    const pauseMs = pauseAfterFailure(failures, retryAfterMs, this.#random);
    this.#pause(pauseMs);
    const why = { reason, detail: message, attempt: failures, retryAt: this.#dueAt };
    log.error(why, 'No certificate could be had');
    // If this fails, too, the same is known until the process ends.
    await this.#write(files.keepAttempts({ ...this.#failure, nextAt: this.#dueAt })).catch(
      () => {},
    );
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
