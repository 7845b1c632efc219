import type { IncomingHttpHeaders } from 'node:http';

/** What the request tells about the client that wants to collect. */
export interface CollectorTraits {
  /** Whether it waits for arrivals after the backlog. */
  readonly keepAlive: boolean;
  /**
   * Whether it may lose a delivery that arrives before it read the one before.
   * The deployed JavaScript client does, and is known by sending no User-Agent.
   */
  readonly mergesDeliveries: boolean;
  /** Whether the request comes from a web page. */
  readonly isBrowser: boolean;
}

/** Both generations of the header that names the streaming mode. */
const STREAMING_MODE_HEADERS = ['x-awala-streaming-mode', 'x-relaynet-streaming-mode'];

export function collectorTraits(headers: IncomingHttpHeaders): CollectorTraits {
  const modes = STREAMING_MODE_HEADERS.map((name) => headers[name]);
  return {
    keepAlive: !modes.includes('close-upon-completion'),
    mergesDeliveries: headers['user-agent'] === undefined,
    isBrowser: headers.origin !== undefined,
  };
}

/**
 * Whether a client comes back in its own time after it was sent away; if not, sending it away early from a
 * server that is about to stop does no good. The JavaScript client that keeps alive comes back at once, again
 * and again; and one that collects only what there is reports it as an error, while it would soon have ended.
 */
export function canBeMoved({ keepAlive, mergesDeliveries }: CollectorTraits): boolean {
  return keepAlive && !mergesDeliveries;
}

/**
 * Whether a client comes back only after a connection that just ends: to Android that collects what there is,
 * every close code ends its collection.
 */
export function returnsOnlyIfCut({ keepAlive, mergesDeliveries }: CollectorTraits): boolean {
  return !keepAlive && !mergesDeliveries;
}
