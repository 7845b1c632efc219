import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import {
  CertificateError,
  type CertificateFailure,
  type Certificates,
  type TlsCertificate,
} from '../port.ts';
import { LARGEST_PEM_OCTETS, readCertificate } from '../read-certificate.ts';

/** How often the files are read. */
const LOOK_MS = 60_000;

interface WatchedFilesOptions {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** What the certificate must be for. */
  readonly name: string;
}

/**
 * A certificate that somebody else keeps in two files.
 *
 * Reads them each minute rather than waiting for events, which miss what is swapped by links, as
 * certbot and Kubernetes do. While they cannot be used, such as between the writing of the one and
 * of the other, the former certificate stays.
 */
export class WatchedFiles implements Certificates {
  readonly #options: WatchedFilesOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  #current: TlsCertificate | null = null;
  #failure: CertificateFailure | null = null;
  #looking: Promise<void> = Promise.resolve();
  #cancelLook = () => {};
  #isClosed = false;

  constructor(
    options: WatchedFilesOptions,
    { clock, log }: { readonly clock: Clock; readonly log: Log },
  ) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
  }

  get current(): TlsCertificate | null {
    return this.#current;
  }

  get failure(): CertificateFailure | null {
    return this.#failure;
  }

  /** @throws {CertificateError} `files`, if they cannot be used now */
  async start(onCertificate: (certificate: TlsCertificate) => void): Promise<void> {
    this.#take(await this.#read(), onCertificate);
    this.#lookAgain(onCertificate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook();
    await this.#looking;
  }

  #lookAgain(onCertificate: (certificate: TlsCertificate) => void): void {
    this.#cancelLook = this.#clock.schedule(LOOK_MS, () => {
      this.#looking = this.#look(onCertificate).then(() => {
        if (!this.#isClosed) {
          this.#lookAgain(onCertificate);
        }
      });
    });
  }

  async #look(onCertificate: (certificate: TlsCertificate) => void): Promise<void> {
    try {
      this.#take(await this.#read(), onCertificate);
      this.#failure = null;
    } catch (error) {
      const { reason, message } = asCertificateError(error);
      this.#failure = { failures: (this.#failure?.failures ?? 0) + 1, reason, detail: message };
      this.#log.warn({ reason, detail: message }, 'The files of the certificate cannot be used');
    }
  }

  #take(found: TlsCertificate, onCertificate: (certificate: TlsCertificate) => void): void {
    const { chain, key } = this.#current ?? {};
    if (found.chain !== chain || found.key !== key) {
      onCertificate(found);
      this.#current = found;
      this.#log.info({ expiresAt: found.expiresAt }, 'Using the certificate of the files');
    }
  }

  async #read(): Promise<TlsCertificate> {
    const { certificateFile, keyFile, name } = this.#options;
    const [chain, key] = [await readText(certificateFile), await readText(keyFile)];
    try {
      return readCertificate({ chain, key }, name);
    } catch (error) {
      const { message } = asCertificateError(error);
      throw new CertificateError('files', `${certificateFile}: ${message}`, { cause: error });
    }
  }
}

async function readText(path: string): Promise<string> {
  try {
    // Opening a pipe would never end, nor would reading a device.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await file.stat();
    if (!found.isFile()) {
      throw new CertificateError('files', `${path} is no ordinary file`);
    }
    if (found.size > LARGEST_PEM_OCTETS) {
      throw new CertificateError('files', `${path} is too long for a certificate or key`);
    }
    return await file.readFile('utf8');
  } catch (error) {
    throw asCertificateError(error);
  }
}

function asCertificateError(error: unknown): CertificateError {
  if (error instanceof CertificateError) {
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new CertificateError('files', message, { cause: error });
}
