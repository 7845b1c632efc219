const MAX_ADDRESS_LENGTH = 253;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Brings an Awala Internet address (a domain name of two labels or more) into
 * the one form in which addresses are compared: lower case, no trailing dot.
 *
 * @returns null if it is no such address
 * @see RS-000 "Addressing"
 */
export function canonicalInternetAddress(address: string): string | null {
  const canonical = address.toLowerCase().replace(/\.$/, '');
  const labels = canonical.split('.');
  const isValid =
    canonical.length <= MAX_ADDRESS_LENGTH &&
    labels.length >= 2 &&
    labels.every((label) => LABEL.test(label));
  return isValid ? canonical : null;
}
