/** Clears a terminal, and goes to its top. */
export const CLEAR_SCREEN = '\u001B[H\u001B[2J';

/** All but line feeds and tabs; the last ones reorder what is beside them. */
const CONTROLS = /(?![\n\t])[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu;

/**
 * Text for a terminal: what others said, such as names in DNS or certificates, may hold control
 * characters that move its cursor, rename it or type for the operator. Only a leading
 * {@link CLEAR_SCREEN} is kept.
 */
export function printable(text: string): string {
  const isClearing = text.startsWith(CLEAR_SCREEN);
  const rest = isClearing ? text.slice(CLEAR_SCREEN.length) : text;
  return `${isClearing ? CLEAR_SCREEN : ''}${rest.replaceAll(CONTROLS, '\uFFFD')}`;
}
