import { MalformedMessageError } from '../errors.ts';

const UTC_TIME_OCTETS = 13;
const GENERALIZED_TIME_OCTETS = 15;

/**
 * Reads a UTCTime of a certificate: `YYMMDDHHmmssZ`, in the years 1950 to 2049.
 *
 * @see RFC 5280 §4.1.2.5.1
 * @throws {MalformedMessageError} for any other form, such as one with an offset, and for impossible dates
 */
export function parseUtcTime(text: Uint8Array): Date {
  requireForm(text, UTC_TIME_OCTETS);
  const year = twoDigits(text, 0);
  return dateOf(year < 50 ? 2000 + year : 1900 + year, text, 2);
}

/**
 * Reads a GeneralizedTime of a certificate: `YYYYMMDDHHmmssZ`.
 *
 * @see RFC 5280 §4.1.2.5.2
 * @throws {MalformedMessageError} for any other form, such as one with an offset, and for impossible dates
 */
export function parseGeneralizedTime(text: Uint8Array): Date {
  requireForm(text, GENERALIZED_TIME_OCTETS);
  return dateOf(twoDigits(text, 0) * 100 + twoDigits(text, 2), text, 4);
}

function requireForm(text: Uint8Array, octets: number): void {
  if (text.length !== octets || text[text.length - 1] !== 0x5a) {
    throw new MalformedMessageError('Time is not one of a certificate, in UTC and to the second');
  }
}

/**
 * Reads the time of a message: `YYYYMMDDHHmmss`, implicitly in UTC.
 *
 * @see RS-001 "Format", `creationTimeUtc`
 * @throws {MalformedMessageError} for any other form and for impossible dates
 */
export function parseMessageTime(text: Uint8Array): Date {
  if (text.length !== 14) {
    throw new MalformedMessageError('Message time does not have 14 digits');
  }
  return dateOf(twoDigits(text, 0) * 100 + twoDigits(text, 2), text, 4);
}

/** @param offset - of the month in `text`; day, hour, minute and second follow */
function dateOf(year: number, text: Uint8Array, offset: number): Date {
  const month = twoDigits(text, offset);
  const day = twoDigits(text, offset + 2);
  const hour = twoDigits(text, offset + 4);
  const minute = twoDigits(text, offset + 6);
  const second = twoDigits(text, offset + 8);
  if (hour > 23 || minute > 59 || second > 59) {
    throw new MalformedMessageError('No such time of day');
  }
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  if (year < 100 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    throw new MalformedMessageError('No such day');
  }
  return date;
}

function twoDigits(text: Uint8Array, offset: number): number {
  const tens = (text[offset] ?? 0) - 0x30;
  const units = (text[offset + 1] ?? 0) - 0x30;
  if (tens < 0 || tens > 9 || units < 0 || units > 9) {
    throw new MalformedMessageError('Time has something other than digits');
  }
  return tens * 10 + units;
}
