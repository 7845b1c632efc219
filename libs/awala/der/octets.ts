/** Whether both are the same, octet for octet; quickest for short ones. Not for secrets: it takes longer the more is alike. */
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
