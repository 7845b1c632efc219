/** Octets of a secret that are searched for: few enough to be found in a part of it, too many to be there by chance. */
const WINDOW_OCTETS = 15;

/** How a part of a secret would look in a text, in the ways in which octets usually get there. */
export function tracesOf(secret: Uint8Array): readonly string[] {
  const middle = Math.max(0, Math.floor((secret.length - WINDOW_OCTETS) / 2));
  const part = Buffer.from(secret.subarray(middle, middle + WINDOW_OCTETS));
  // Of three octets, base64 makes four characters: where the secret begins makes three texts of it.
  const base64 = [0, 1, 2].map((offset) =>
    part.subarray(offset, offset + WINDOW_OCTETS - 3).toString('base64'),
  );
  return [part.toString('latin1'), part.toString('hex'), part.join(','), ...base64];
}
