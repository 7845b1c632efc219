const MAX_ADDRESS_LENGTH = 253;
const DOMAIN_NAME =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:xn--[a-z0-9-]{2,59}|[a-z]{2,63})$/;

/**
 * Brings an Awala Internet address (a domain name of two labels or more) into
 * the one form in which addresses are compared: lower case, no trailing dot.
 *
 * @returns null if it is no such address
 * @see RS-000 "Addressing"
 */
export function canonicalInternetAddress(address: string): string | null {
  const canonical = address.toLowerCase().replace(/\.$/, '');
  return canonical.length <= MAX_ADDRESS_LENGTH && DOMAIN_NAME.test(canonical) ? canonical : null;
}

/**
 * The same for a name that a person typed, which may also have letters beyond ASCII: they become
 * what DNS and certificates have in their place (`münchen` is `xn--mnchen-3ya`).
 *
 * @returns null if it is no such address
 * @see RFC 5891
 */
export function typedInternetAddress(address: string): string | null {
  if (/^\p{ASCII}*$/u.test(address)) {
    return canonicalInternetAddress(address);
  }
  // A URL's host is brought into that form, but a URL has more than a host.
  const isName = /^[\p{L}\p{M}\p{N}.-]+$/u.test(address);
  const { hostname = '' } = (isName && URL.parse(`https://${address}`)) || {};
  return canonicalInternetAddress(hostname);
}
