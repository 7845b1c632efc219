/**
 * Whether this machine's wrong clock is the likely cause of a failure to reach a public server,
 * which would not show a certificate that is out of date.
 */
export function blamesClock(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (
      'code' in cause &&
      (cause.code === 'CERT_NOT_YET_VALID' || cause.code === 'CERT_HAS_EXPIRED')
    ) {
      return true;
    }
  }
  return false;
}
