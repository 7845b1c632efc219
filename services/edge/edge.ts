import { networkInterfaces } from 'node:os';
import { WatchedFiles } from '#certificates/files/watched-files.ts';
import type { Certificates } from '#certificates/port.ts';
import type { Clock } from '#clock/clock.ts';
import type { ProcessParts } from '#composition/process-parts.ts';
import type { HttpServer } from '#runtime/http/http-server.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';
import type { EdgeConfig } from './config.ts';
import { createRedirectServer } from './redirect-server.ts';
import { type TakesConnections, TlsServer } from './tls-server.ts';

/** What is behind the public ports. */
export interface Behind {
  readonly http: TakesConnections;
  readonly couriers: TakesConnections;
  /** Connections that these take together. */
  readonly maxConnections: number;
  /** This gateway's Awala address. */
  readonly internetAddress: string;
}

/** The public ports, with and without TLS, and what keeps their certificate. */
export class Edge implements AsyncDisposable {
  readonly certificates: Certificates;
  readonly #secure: TlsServer;
  readonly #plain: HttpServer;
  readonly #clock: Clock;
  readonly #opened = new AsyncDisposableStack();

  constructor(config: EdgeConfig, behind: Behind, parts: ProcessParts) {
    const { httpsPort, httpPort, host = null } = config;
    const name = config.name ?? behind.internetAddress;
    const at = { host: host ?? everyAddress() };
    this.#plain = this.#opened.use(createRedirectServer({ ...at, name, port: httpPort }, parts));
    this.#secure = this.#opened.use(
      new TlsServer({ ...at, port: httpsPort }, { ...behind, ...parts }),
    );
    this.certificates = this.#opened.use(new WatchedFiles({ ...config, name }, parts));
    this.#clock = parts.clock;
    observeCertificates(this.certificates, parts.processMetrics);
  }

  /** @throws unless there is a certificate that clients accept */
  async check(): Promise<void> {
    const { current, failure } = this.certificates;
    const why = failure ? `: ${failure.detail}` : '';
    if (!current) {
      throw new Error(`there is no certificate yet${why}`);
    }
    if (current.expiresAt <= this.#clock.now()) {
      throw new Error(`the certificate expired at ${current.expiresAt.toISOString()}${why}`);
    }
  }

  /** The ports in use, including those that the system chose. */
  get listening(): Readonly<Record<'https' | 'http', number>> {
    return { https: this.#secure.port, http: this.#plain.port };
  }

  /**
   * Opens the ports, with TLS as soon as there is a certificate. Call it when the servers behind
   * listen.
   *
   * @throws {CertificateError} if the operator's files cannot be used
   * @throws if a port cannot be listened on
   */
  async listen(): Promise<void> {
    await this.certificates.start((certificate) => this.#secure.show(certificate));
    await this.#plain.listen();
    await this.#secure.listen();
  }

  /** Leaves new connections to the next process if a parent holds the listening sockets. */
  leaveToSuccessor(): void {
    this.#secure.leaveToSuccessor();
    this.#plain.leaveToSuccessor();
  }

  /** Accepts no more connections; those that were passed on are for the servers behind to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}

/** For IPv6 and IPv4, or for IPv4 alone where the machine has no other. */
function everyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0';
}

function observeCertificates(certificates: Certificates, metrics: ProcessMetrics): void {
  metrics.observe(
    'certificate_expiry_timestamp_seconds',
    'When the certificate of the public port expires',
    () => {
      if (!certificates.current) {
        throw new Error('there is none');
      }
      return certificates.current.expiresAt.getTime() / 1_000;
    },
  );
  metrics.observe(
    'certificate_failures',
    'Attempts in a row that brought no certificate for the public port',
    () => certificates.failure?.failures ?? 0,
  );
}
