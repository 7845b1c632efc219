/** What an HTTP server grants its clients. Each limit is explained in `docs/limits.md`. */
export interface HttpLimits {
  /** Connections open at once, idle ones and WebSockets included; more are not accepted. */
  readonly maxConnections: number;
  /** Requests between their arrival and the end of their answer; more are answered 503. */
  readonly maxRequests: number;
  /** Octets of all bodies held at once; whatever would exceed it is answered 503. */
  readonly maxBodiesOctets: number;
  /** Octets of one body, where its route sets no limit of its own; more are answered 413. */
  readonly maxBodyOctets: number;
  /** Octets of a request's line and headers; more are answered 431. */
  readonly maxHeaderOctets: number;
  /** Headers of a request; more are answered 431. */
  readonly maxHeaders: number;
  /** Octets of all the lines and headers that are not complete; whoever sent most of them is cut. */
  readonly maxUnfinishedHeadOctets: number;
  /** Until the headers are there, from the connection or the end of the previous request. */
  readonly headersTimeoutMs: number;
  /** Longest pause in the middle of a body; then 408. */
  readonly bodyPauseMs: number;
  /** Until headers and body are there; then 408. */
  readonly requestTimeoutMs: number;
  /** From the end of the body to the answer; then 503, since clients leave after 3 s. */
  readonly answerWithinMs: number;
  /** Longest life of a connection without requests. */
  readonly keepAliveMs: number;
  /** What a client may still send for after it was refused, so that it can read the refusal. */
  readonly lingerMs: number;
  /** On closing, how long a connection that was just made may take to bring its request. */
  readonly newcomersMs: number;
  /** On closing, how long requests in flight may take to end. */
  readonly drainMs: number;
  /** On closing, once requests have ended, how long the last octets of answers may take. */
  readonly flushMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = Object.freeze({
  maxConnections: 20_000,
  maxRequests: 1_000,
  maxBodiesOctets: 128 * 1_048_576,
  maxBodyOctets: 64 * 1_024,
  maxHeaderOctets: 16 * 1_024,
  maxHeaders: 100,
  maxUnfinishedHeadOctets: 32 * 1_048_576,
  headersTimeoutMs: 10_000,
  bodyPauseMs: 10_000,
  requestTimeoutMs: 60_000,
  answerWithinMs: 2_300,
  keepAliveMs: 620_000,
  lingerMs: 5_000,
  newcomersMs: 1_000,
  drainMs: 10_000,
  flushMs: 200,
});
