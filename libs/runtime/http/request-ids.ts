import { randomBytes } from 'node:crypto';
import { variable } from '../configuration/variable.ts';
import { NO_PROXIES, type TrustedProxies, trustedProxies } from './trusted-proxies.ts';

/** How trusted proxies name requests. */
export const requestIdVariables = {
  header: variable(
    'REQUEST_ID_HEADER',
    {
      meaning: "the header in which trusted proxies send a request's id",
      default: 'X-Request-Id',
    },
    {
      accepts: 'the name of a header, of letters, digits and hyphens',
      schema: { type: 'string', pattern: '^[A-Za-z0-9-]{1,64}$' },
      // gRPC takes the values of those in -bin for octets.
      parse: (name) => (/^[A-Z0-9-]{1,64}(?<!-bin)$/i.test(name) ? name : undefined),
    },
  ),
  trustedProxies: trustedProxies('TRUSTED_PROXIES', {
    meaning:
      'the proxies whose request ids and X-Forwarded-For are used: addresses and ranges, such as 10.0.0.0/8,::1',
  }),
} as const;

/** Where ids of requests come from. */
export interface RequestIdOptions {
  readonly header: string;
  readonly trustedProxies: TrustedProxies;
}

/**
 * What a proxy may send as an id. `X-Request-Id`, `X-Cloud-Trace-Context`, `traceparent` and
 * `X-Amzn-Trace-Id` use these characters, none of which can upset a log or terminal.
 */
const ID = /^[A-Za-z0-9._~+/=:;@-]{1,128}$/;

/**
 * Names requests: by the id that a trusted proxy sent, or else by a cheap one of our own, unique
 * across processes.
 */
export class RequestIds {
  /** In lower case, as in Node and gRPC. */
  readonly header: string;
  readonly #proxies: TrustedProxies;
  readonly #processId = randomBytes(6).toString('base64url');
  #count = 0;

  constructor({ header, trustedProxies: proxies }: Partial<RequestIdOptions> = {}) {
    this.header = (header ?? 'x-request-id').toLowerCase();
    this.#proxies = proxies ?? NO_PROXIES;
  }

  /**
   * @param address - of the peer of the connection
   * @param sent - the value of {@link header}
   */
  idOf(address: string | undefined, sent: unknown): string {
    const isTaken = typeof sent === 'string' && ID.test(sent) && this.#proxies.includes(address);
    return isTaken ? sent : `${this.#processId}-${(this.#count++).toString(36)}`;
  }
}
