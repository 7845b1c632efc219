/** Bounds of TLS handshakes; see docs/limits.md. */
export const HANDSHAKE_LIMITS = {
  /** Connections whose handshake is not over; one more cuts the oldest of the largest network. */
  max: 1_000,
  /** How old a handshake must be to give way to one that would hold as much. */
  idleMs: 1_000,
  /** For a handshake, as long as phones wait for it. */
  timeoutMs: 10_000,
};
