import type { IncomingHttpHeaders } from 'node:http';

/** What a collecting client is like, as its request shows. */
export interface CollectorTraits {
  /** Whether it waits for arrivals after the backlog. */
  readonly keepAlive: boolean;
  /**
   * Whether it may lose a delivery that arrives before it has read the one before. The deployed
   * JavaScript client does; it sends no User-Agent.
   */
  readonly mergesDeliveries: boolean;
  /** Whether the request comes from a web page. */
  readonly isBrowser: boolean;
}

/** The streaming mode's header, in both generations. */
const STREAMING_MODE_HEADERS = ['x-awala-streaming-mode', 'x-relaynet-streaming-mode'];

/** Reads a client's traits from its upgrade request. */
export function collectorTraits(headers: IncomingHttpHeaders): CollectorTraits {
  const modes = STREAMING_MODE_HEADERS.map((name) => headers[name]);
  return {
    keepAlive: !modes.includes('close-upon-completion'),
    mergesDeliveries: headers['user-agent'] === undefined,
    isBrowser: headers.origin !== undefined,
  };
}

/**
 * Whether a client that is sent away comes back in its own time; if not, sending it away early
 * helps nobody. The JavaScript client that keeps alive comes back at once, again and again; one
 * that collects only what there is reports an error, although it would soon have ended.
 */
export function canBeMoved({ keepAlive, mergesDeliveries }: CollectorTraits): boolean {
  return keepAlive && !mergesDeliveries;
}

/**
 * Whether a client comes back only if its connection just ends: every close code ends the
 * collection of an Android client that collects only what there is.
 */
export function returnsOnlyIfCut({ keepAlive, mergesDeliveries }: CollectorTraits): boolean {
  return !keepAlive && !mergesDeliveries;
}
