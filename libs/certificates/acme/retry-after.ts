const SECOND_MS = 1_000;
/** More digits are no number of seconds that anybody waits for, but a mistake. */
const SECONDS = /^\d{1,9}$/;
/** As every HTTP server writes dates (RFC 9110, section 5.6.7). */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
/** As Boulder, Let's Encrypt's server, writes it into what it says of its rate limits. */
const IN_WORDS = /\bretry after (\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}) ?(?:UTC|Z)/i;

/**
 * How long a server asks to be left alone: of its header `Retry-After`, seconds or a date (RFC 9110,
 * section 10.2.3), or else of its words. Dates are counted from the server's own `Date`.
 *
 * @param answer - the headers as received, and what the server says is wrong
 * @returns milliseconds, up to decades, so that the caller must bound them; null if it does not ask,
 * or for no time in the future
 */
export function retryAfterMs(answer: {
  readonly retryAfter: unknown;
  readonly date: unknown;
  readonly detail: string;
}): number | null {
  const header = String(answer.retryAfter ?? '').trim();
  const now = Date.parse(String(answer.date));
  const [, day, time] = IN_WORDS.exec(answer.detail) ?? [];
  const asked = [
    SECONDS.test(header) ? Number(header) * SECOND_MS : Number.NaN,
    HTTP_DATE.test(header) ? Date.parse(header) - now : Number.NaN,
    Date.parse(`${day}T${time}Z`) - now,
  ];
  return asked.find((ms) => ms > 0) ?? null;
}
