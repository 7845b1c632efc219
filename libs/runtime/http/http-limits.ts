/** Limits of an HTTP server. `docs/limits.md` explains each. */
export interface HttpLimits {
  /** Open connections, idle ones included; of more, those of the largest network are cut. */
  readonly maxConnections: number;
  /**
   * Requests between their arrival and the end of their response; of more, those of the largest
   * network whose bodies are still coming get 503, or else the newest.
   */
  readonly maxRequests: number;
  /** How long a request may wait to be begun, by what others took; of more, the newest get 503. */
  readonly lineMs: number;
  /** Octets of all bodies held at once; whose network holds most of them gets 503. */
  readonly maxBodiesOctets: number;
  /** How long a connection, request or body must be idle to give way to one that would hold as much. */
  readonly idleMs: number;
  /** Octets of a body, where its route sets no limit; more gets 413. */
  readonly maxBodyOctets: number;
  /** Octets of a request's line and headers; more gets 431. */
  readonly maxHeaderOctets: number;
  /** Headers of a request; more gets 431. */
  readonly maxHeaders: number;
  /** Octets of all incomplete lines and headers; above it, the connection that sent most is cut. */
  readonly maxUnfinishedHeadOctets: number;
  /** For the headers to arrive, from the connection or the end of the previous request. */
  readonly headersTimeoutMs: number;
  /** How often a body must have grown by {@link HttpLimits.leastBodyOctets}; else 408. */
  readonly bodyPauseMs: number;
  /** Octets of a body that must come in {@link HttpLimits.bodyPauseMs}, unless it ends. */
  readonly leastBodyOctets: number;
  /** For headers and body to arrive; then 408. */
  readonly requestTimeoutMs: number;
  /** For the answer, from the end of the body; then 503, as clients leave after 3 s. */
  readonly answerWithinMs: number;
  /** How long a connection without requests is kept. */
  readonly keepAliveMs: number;
  /** How long a refused client may go on sending, so that it can read the refusal. */
  readonly lingerMs: number;
  /** On closing, how long new connections have to send a request. */
  readonly newcomersMs: number;
  /** On closing, how long requests in flight have to end. */
  readonly drainMs: number;
  /** On closing, once requests have ended, how long the rest of their responses may take. */
  readonly flushMs: number;
}

/** The limits of every server unless its options differ. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = Object.freeze({
  maxConnections: 20_000,
  maxRequests: 1_000,
  lineMs: 1_000,
  maxBodiesOctets: 128 * 1_048_576,
  idleMs: 2_000,
  maxBodyOctets: 64 * 1_024,
  maxHeaderOctets: 16 * 1_024,
  maxHeaders: 100,
  maxUnfinishedHeadOctets: 32 * 1_048_576,
  headersTimeoutMs: 10_000,
  bodyPauseMs: 10_000,
  leastBodyOctets: 2 * 1_024,
  requestTimeoutMs: 60_000,
  answerWithinMs: 2_300,
  keepAliveMs: 620_000,
  lingerMs: 5_000,
  newcomersMs: 1_000,
  drainMs: 10_000,
  flushMs: 200,
});
