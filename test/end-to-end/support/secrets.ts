/** Octets of a secret to search for: few enough to find part of it, too many to match by chance. */
const WINDOW_OCTETS = 15;

/** How a part of a secret would look in a text, in the usual encodings. */
export function tracesOf(secret: Uint8Array): readonly string[] {
  const middle = Math.max(0, Math.floor((secret.length - WINDOW_OCTETS) / 2));
  const part = Buffer.from(secret.subarray(middle, middle + WINDOW_OCTETS));
  // Base64 encodes three octets as four characters, so the text depends on where the secret begins.
  const base64 = [0, 1, 2].map((offset) =>
    part.subarray(offset, offset + WINDOW_OCTETS - 3).toString('base64'),
  );
  return [part.toString('latin1'), part.toString('hex'), part.join(','), ...base64];
}
