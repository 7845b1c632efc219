const SCHEME = /^([\w-]+) +/;

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
  const [start = '', scheme = ''] = SCHEME.exec(value ?? '') ?? [];
  const accepted = schemes.some((each) => each.toLowerCase() === scheme.toLowerCase());
  return accepted && value ? octetsOf(value.slice(start.length).trimEnd()) : null;
}

/** Checked by its length, as the decoder passes over space: a regular expression takes as long as all the rest. */
function octetsOf(base64: string): Uint8Array | null {
  const padding = base64.endsWith('==') ? 2 : Number(base64.endsWith('='));
  const length = (base64.length / 4) * 3 - padding;
  try {
    const octets = Uint8Array.fromBase64(base64);
    return octets.length > 0 && octets.length === length ? Buffer.from(octets.buffer) : null;
  } catch {
    return null;
  }
}
