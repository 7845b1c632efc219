import {
  type Answer,
  AUTHENTIC_DATA,
  type DecodedPacket,
  DNSSEC_OK,
  decode,
  encode,
  RECURSION_DESIRED,
} from 'dns-packet';
import { Agent } from 'undici';
import { DeadlineError, withDeadline } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { WitnessedTime } from '#clock/clock-plausibility.ts';
import { httpDateMs } from '#clock/http-date.ts';

const MEDIA_TYPE = 'application/dns-message';
/** The largest DNS message. */
const MAX_REPLY_OCTETS = 65_535;
const MAX_CONNECTIONS = 8;
const UDP_PAYLOAD_OCTETS = 4_096;

/** The types of records that are looked up. */
export type DnsRecordType = 'A' | 'AAAA' | 'SRV' | 'CAA';

/** A resolver's reply. */
export interface DnsReply {
  /** `NOERROR`, `NXDOMAIN`, `SERVFAIL`, … */
  readonly rcode: string;
  /** Whether the resolver says that DNSSEC proved the answers (RFC 4035 §3.2.3). */
  readonly isAuthentic: boolean;
  readonly answers: readonly Answer[];
}

/** The DNS resolver gave no usable answer, which says nothing about the name. */
export class DnsUnavailableError extends Error {
  readonly code = 'DNS_UNAVAILABLE';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DnsUnavailableError';
  }
}

interface DnsOverHttpsOptions {
  readonly url: URL;
  /** For each query, from connecting to the last octet. */
  readonly timeoutMs: number;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly trustedAuthorities?: string | undefined;
  /** Called with the resolver's time, if TLS proves that it is the resolver. */
  readonly onTime?: ((time: WitnessedTime) => void) | undefined;
}

/**
 * Asks a DNS resolver over HTTPS, so that nobody in between can forge an answer.
 *
 * @see RFC 8484
 */
export class DnsOverHttps implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #options: DnsOverHttpsOptions;
  readonly #agent: Agent;

  constructor(clock: Clock, options: DnsOverHttpsOptions) {
    this.#clock = clock;
    this.#options = options;
    const { timeoutMs, trustedAuthorities: ca } = options;
    this.#agent = new Agent({
      connections: MAX_CONNECTIONS,
      connect: { timeout: timeoutMs, ...(ca !== undefined && { ca }) },
      maxResponseSize: MAX_REPLY_OCTETS,
    });
  }

  /**
   * Asks for one type of a name's records.
   *
   * @throws {DnsUnavailableError}
   */
  async query(name: string, type: DnsRecordType): Promise<DnsReply> {
    const { timeoutMs } = this.#options;
    let reply: Uint8Array;
    try {
      const tooLate = () => new DeadlineError('the DNS query', timeoutMs);
      const deadline = { clock: this.#clock, timeoutMs, tooLate };
      const query = encodeQuery(name, type);
      reply = await withDeadline(deadline, (signal) => this.#post(query, signal));
    } catch (cause) {
      throw new DnsUnavailableError(`the DNS resolver did not answer for ${name}`, { cause });
    }
    return decodeReply(reply, name, type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  async #post(query: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const { origin, pathname, search } = this.#options.url;
    const { statusCode, headers, body } = await this.#agent.request({
      origin,
      path: `${pathname}${search}`,
      method: 'POST',
      headers: { 'content-type': MEDIA_TYPE, accept: MEDIA_TYPE },
      body: query,
      signal,
    });
    this.#hear(headers);
    const reply = await body.bytes();
    const [mediaType] = String(headers['content-type']).split(';', 1);
    if (statusCode !== 200 || mediaType !== MEDIA_TYPE) {
      throw new Error(`the DNS resolver answered with HTTP status ${statusCode}`);
    }
    return reply;
  }

  #hear({ date, age }: Readonly<Record<string, unknown>>): void {
    const { url, onTime } = this.#options;
    const theirsMs = httpDateMs({ date, age });
    if (theirsMs !== null && url.protocol === 'https:') {
      onTime?.({ by: 'the DNS resolver', theirsMs, oursMs: this.#clock.now().getTime() });
    }
  }
}

/** The id is 0, so that equal queries are equal octets (RFC 8484 §4.1). */
function encodeQuery(name: string, type: DnsRecordType): Uint8Array {
  return encode({
    type: 'query',
    id: 0,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ type, name }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: UDP_PAYLOAD_OCTETS,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: DNSSEC_OK,
        flag_do: true,
        options: [],
      },
    ],
  });
}

function decodeReply(octets: Uint8Array, name: string, type: DnsRecordType): DnsReply {
  let packet: DecodedPacket & { readonly rcode?: unknown };
  try {
    packet = decode(Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength));
  } catch (cause) {
    throw new DnsUnavailableError(`the DNS resolver’s answer for ${name} is malformed`, { cause });
  }
  const [question] = packet.questions ?? [];
  const isReply =
    packet.type === 'response' &&
    !packet.flag_tc &&
    question?.type === type &&
    question.name.toLowerCase() === name.toLowerCase();
  if (!isReply || typeof packet.rcode !== 'string') {
    throw new DnsUnavailableError(`the DNS resolver answered something else than ${name}`);
  }
  return { rcode: packet.rcode, isAuthentic: packet.flag_ad, answers: packet.answers ?? [] };
}
