const CREDENTIALS = /^([\w-]+) +([A-Za-z0-9+/]+={0,2}) *$/;

/**
 * Reads `<scheme> <base64>`, as in HTTP's `Authorization` (RFC 9110 §11.4).
 *
 * @param schemes - those accepted, in any case
 * @returns null unless `value` has one of the schemes and base64 of at least one octet, padded
 */
export function parseCredentials(
  value: string | undefined,
  schemes: readonly string[],
): Uint8Array | null {
  const [, scheme = '', base64 = ''] = CREDENTIALS.exec(value ?? '') ?? [];
  const accepted = schemes.some((each) => each.toLowerCase() === scheme.toLowerCase());
  return accepted && base64.length % 4 === 0 ? Buffer.from(base64, 'base64') : null;
}
