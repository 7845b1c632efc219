import { isIP, type LookupFunction } from 'node:net';
import { Agent } from 'undici';

const USER_AGENT = 'awala-gateway-ping';
/** The deployed JavaScript client refuses longer answers. */
const MAX_ANSWER_OCTETS = 1_048_576;
/** As long as the patient ones among the clients. */
const CONNECT_TIMEOUT_MS = 5_000;

/** The gateway's answer is not one that the protocol allows. */
export class UnexpectedAnswerError extends Error {
  readonly code = 'UNEXPECTED_ANSWER';
}

/** How to connect, where that is not to be left to the system. */
export interface Pin {
  /** The IP address to connect to, whatever the URL's host resolves to. */
  readonly address?: string | undefined;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly ca?: string | undefined;
}

/** An answer to {@link PinnedHttp.ask}. */
interface HttpAnswer {
  readonly mediaType: string;
  readonly body: Uint8Array;
}

interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Any status but a redirect will do if absent. */
  readonly status?: number;
  readonly signal: AbortSignal;
}

/** Speaks HTTP to one server, of which it believes no redirect. */
export class PinnedHttp implements AsyncDisposable {
  readonly base: URL;
  readonly #pin: Pin;
  readonly #agent: Agent;

  constructor(base: URL, pin: Pin = {}) {
    this.base = base;
    this.#pin = pin;
    this.#agent = new Agent({
      // As OkHttp does: it offers HTTP/2 first, and takes HTTP/1.1.
      allowH2: true,
      connect: { timeout: CONNECT_TIMEOUT_MS, preferH2: true, ...this.socketOptions },
      maxResponseSize: MAX_ANSWER_OCTETS,
    });
  }

  /** For other clients of the same server. */
  get socketOptions(): { readonly lookup?: LookupFunction; readonly ca?: string } {
    const { address, ca } = this.#pin;
    return {
      ...(address !== undefined && { lookup: always(address) }),
      ...(ca !== undefined && { ca }),
    };
  }

  get userAgent(): string {
    return USER_AGENT;
  }

  /** @throws {UnexpectedAnswerError} for another status, or a redirect */
  async ask(
    path: string,
    { method, headers = {}, body, status, signal }: Asked,
  ): Promise<HttpAnswer> {
    const answer = await this.#agent.request({
      origin: this.base.origin,
      path,
      method,
      headers: { 'user-agent': USER_AGENT, ...headers },
      ...(body !== undefined && { body }),
      signal,
    });
    const octets = await answer.body.bytes();
    const { statusCode } = answer;
    const isRedirect = statusCode >= 300 && statusCode < 400;
    if (status === undefined ? isRedirect : statusCode !== status) {
      const where = isRedirect ? `to ${answer.headers.location}, which phones do not follow` : '';
      const reason = isRedirect ? where : Buffer.from(octets).toString('utf8', 0, 200).trim();
      throw new UnexpectedAnswerError(`HTTP ${statusCode} ${reason}`.trimEnd());
    }
    return { mediaType: String(answer.headers['content-type'] ?? ''), body: octets };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

function always(address: string): LookupFunction {
  const family = isIP(address);
  return (_host, { all }, callback) => {
    if (all) {
      callback(null, [{ address, family }]);
    } else {
      callback(null, address, family);
    }
  };
}
