/** Bounds of TLS handshakes; see docs/limits.md. */
export const HANDSHAKE_LIMITS = {
  /** Connections whose handshake is not over; one more cuts the oldest. */
  max: 1_000,
  /** For a handshake, as long as phones wait for it. */
  timeoutMs: 10_000,
};
