import type { Certificates } from '#certificates/port.ts';
import type { Clock } from '#clock/clock.ts';
import type { ProcessParts } from '#composition/process-parts.ts';
import type { Log } from '#log/log.ts';
import type { ClientNetworks } from '#runtime/http/client-networks.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';
import { NO_CERTIFICATE } from '#runtime/readiness.ts';
import { startFailure } from '#runtime/start-failures.ts';
import type { EdgeConfig } from './config.ts';
import { everyAddress } from './every-address.ts';
import { openCertificates } from './open-certificates.ts';
import { PlainPort } from './plain-port.ts';
import { type TakesConnections, TlsServer } from './tls-server.ts';

/** What is behind the public ports. */
export interface Behind {
  readonly http: TakesConnections;
  readonly couriers: TakesConnections;
  /** This gateway's Awala address. */
  readonly internetAddress: string;
}

/** What the edge needs of its process. */
export type EdgeProcessParts = ProcessParts & { readonly clientNetworks: ClientNetworks };

interface EdgeParts {
  readonly certificates: Certificates;
  readonly secure: TlsServer;
  readonly plain: PlainPort;
  readonly clock: Clock;
  readonly log: Log;
}

/** The public ports, with and without TLS, and what keeps their certificate. */
export class Edge implements AsyncDisposable {
  readonly #parts: EdgeParts;

  private constructor(parts: EdgeParts) {
    this.#parts = parts;
  }

  /** Wires the ports, which do not listen yet. */
  static async open(config: EdgeConfig, behind: Behind, parts: EdgeProcessParts): Promise<Edge> {
    const { httpsPort, httpPort, host = null } = config;
    const name = config.name ?? behind.internetAddress;
    const at = { host: host ?? everyAddress() };
    const plain = new PlainPort({ ...at, name, port: httpPort }, parts);
    const secure = new TlsServer({ ...at, port: httpsPort }, { ...behind, ...parts });
    const certificates = await openCertificates(config, { name, challenges: plain }, parts);
    observeCertificates(certificates, parts.processMetrics);
    return new Edge({ ...parts, certificates, secure, plain });
  }

  /** The ports in use, including those that the system chose; 0 for one that is taken. */
  get listening(): Readonly<Record<'https' | 'http', number>> {
    const { secure, plain } = this.#parts;
    return { https: secure.port, http: plain.port ?? 0 };
  }

  /** When the certificate that is shown expires; null while there is none. */
  get certificateExpiresAt(): Date | null {
    return this.#parts.certificates.current?.expiresAt ?? null;
  }

  /** Why there is no newer certificate, and what to do; null if none is due. */
  get certificateFailure(): string | null {
    return this.#parts.certificates.failure?.detail ?? null;
  }

  /**
   * Opens the ports, with TLS as soon as there is a certificate. Call it when the servers behind
   * listen.
   *
   * @throws {CertificateError} if the operator's files cannot be used
   * @throws if the port with TLS cannot be listened on
   */
  async listen(): Promise<void> {
    const { certificates, secure, plain, log } = this.#parts;
    // Its lack costs no phone anything for now, and ends with the next order.
    await plain.open().catch((error: unknown) => log.error({}, startFailure(error)));
    // First, as phones may wait in the queue of a passed socket.
    await certificates.start((certificate) => secure.show(certificate));
    await secure.listen();
  }

  /** @throws unless there is a certificate that clients accept */
  async check(): Promise<void> {
    const { certificates, clock } = this.#parts;
    const { current, failure } = certificates;
    const why = failure ? `: ${failure.detail}` : '';
    if (!current) {
      throw new Error(`${NO_CERTIFICATE}${why}`);
    }
    if (current.expiresAt <= clock.now()) {
      throw new Error(`the certificate expired at ${current.expiresAt.toISOString()}${why}`);
    }
  }

  /** Leaves new connections to the next process if a parent holds the listening sockets. */
  leaveToSuccessor(): void {
    this.#parts.secure.leaveToSuccessor();
    this.#parts.plain.leaveToSuccessor();
  }

  /** Accepts no more connections; those that were passed on are for the servers behind to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { certificates, secure, plain } = this.#parts;
    await Promise.all([certificates, secure, plain].map((each) => each[Symbol.asyncDispose]()));
  }
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
