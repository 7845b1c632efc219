/**
 * Whether both hold the same octets; fast for short ones. Not constant-time, so not for secrets.
 */
export function isSameOctets(octets: Uint8Array, others: Uint8Array): boolean {
  if (octets.length !== others.length) {
    return false;
  }
  for (let index = 0; index < octets.length; index++) {
    if (octets[index] !== others[index]) {
      return false;
    }
  }
  return true;
}
