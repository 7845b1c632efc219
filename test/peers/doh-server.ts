import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  type Answer,
  AUTHENTIC_DATA,
  decode,
  encode,
  type Question,
  RECURSION_AVAILABLE,
  type SrvData,
} from 'dns-packet';
import type { TlsCertificate } from '#certificates/port.ts';

const RCODES = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3 } as const;

/** What the DNS says of a name. */
export interface Zone {
  readonly rcode?: keyof typeof RCODES;
  readonly isAuthentic?: boolean;
  readonly answers?: readonly Answer[];
  /** Whether queries are never answered. */
  readonly isSilent?: boolean;
}

/** A DNS-over-HTTPS resolver in the wire format of RFC 8484 on the loopback interface. */
export class DohServer implements AsyncDisposable {
  /** Queries so far, such as `SRV _awala-pdc._tcp.app.example`. */
  readonly queries: string[] = [];
  /** If set, answers instead of the server. */
  behaviour: ((request: IncomingMessage, response: ServerResponse) => void) | null = null;
  /** The `Date` of answers; null for the current time. */
  date: Date | null = null;
  readonly #zones = new Map<string, Zone>();
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(tls: TlsCertificate | null) {
    const serve = (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response);
    };
    this.#scheme = tls ? 'https' : 'http';
    this.#server = tls
      ? createTlsServer({ key: tls.key, cert: tls.chain }, serve)
      : createServer(serve);
  }

  /** @param tls - by default, it speaks plain HTTP */
  static async start(tls: TlsCertificate | null = null): Promise<DohServer> {
    const server = new DohServer(tls);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): URL {
    const { port } = this.#server.address() as AddressInfo;
    const host = this.#scheme === 'https' ? 'localhost' : '127.0.0.1';
    return new URL(`${this.#scheme}://${host}:${port}/dns-query`);
  }

  /** Sets the answer to queries of a type for a name; unset names do not exist. */
  set(type: 'A' | 'AAAA' | 'SRV' | 'CAA', name: string, zone: Zone): void {
    this.#zones.set(`${type} ${name}`, zone);
  }

  /** Forgets every name. */
  clear(): void {
    this.#zones.clear();
  }

  setAddress(host: string, address: string): void {
    const type = address.includes(':') ? 'AAAA' : 'A';
    this.set(type, host, { answers: [{ type, name: host, ttl: 60, data: address }] });
  }

  /** Sets the servers that take parcels for an Internet address, with DNSSEC. */
  setService(internetAddress: string, ...services: SrvData[]): void {
    const name = `_awala-pdc._tcp.${internetAddress}`;
    const answers = services.map((data): Answer => ({ type: 'SRV', name, ttl: 60, data }));
    this.set('SRV', name, { isAuthentic: true, answers });
  }

  /**
   * Sets the records of an Internet gateway on this machine, with DNSSEC: one host, a port for each
   * of its services.
   */
  setGateway(
    internetAddress: string,
    ports: Readonly<Record<'gsc' | 'crc' | 'pdc', number>>,
    target = `host.${internetAddress}`,
  ): void {
    this.setAddress(target, '127.0.0.1');
    for (const [service, port] of Object.entries(ports)) {
      const name = `_awala-${service}._tcp.${internetAddress}`;
      const answers: Answer[] = [{ type: 'SRV', name, ttl: 60, data: { target, port } }];
      this.set('SRV', name, { isAuthentic: true, answers });
    }
  }

  /** The same for an Internet app on a port of this machine. */
  setApp(internetAddress: string, port: number): void {
    const host = `pdc.${internetAddress}`;
    this.setAddress(host, '127.0.0.1');
    this.setService(internetAddress, { target: host, port });
  }

  /** Variables that let a gateway use this server, and post to apps of {@link setApp}. */
  get environment(): Readonly<Record<string, string>> {
    return {
      DOH_URL: this.url.href,
      POHTTP_CLIENT_TLS: 'false',
      POHTTP_ALLOW_PRIVATE_NETWORKS: 'true',
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const [question] = decode(Buffer.concat(chunks)).questions ?? [];
    const asked = `${question?.type} ${question?.name}`;
    this.queries.push(asked);
    if (this.behaviour) {
      this.behaviour(request, response);
      return;
    }
    const zone = this.#zones.get(asked) ?? { rcode: 'NXDOMAIN' };
    if (zone.isSilent) {
      return;
    }
    response.setHeader('content-type', 'application/dns-message');
    if (this.date) {
      response.setHeader('date', this.date.toUTCString());
    }
    response.end(reply(question, zone));
  }
}

export function reply(question: Question | undefined, zone: Zone): Buffer {
  const flags = RECURSION_AVAILABLE | (zone.isAuthentic ? AUTHENTIC_DATA : 0);
  return encode({
    type: 'response',
    id: 0,
    flags: flags | RCODES[zone.rcode ?? 'NOERROR'],
    questions: question ? [question] : [],
    answers: [...(zone.answers ?? [])],
  });
}
