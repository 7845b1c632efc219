import { HTTP_ANSWERS, type HttpAnswers, LATER, NO_ROOM } from '#runtime/http/answers.ts';

/**
 * The answers of `POST` to any path.
 *
 * @see RS-007 "Parcel Delivery"
 */
export const PARCEL_ANSWERS = {
  ...HTTP_ANSWERS,
  malformed: { status: 400 },
  signature: { status: 403 },
  algorithm: { status: 403 },
  expired: { status: 403 },
  'not-yet-valid': { status: 403 },
  certificate: { status: 403 },
  'untrusted-path': { status: 403 },
  withdrawn: { status: 403 },
  'wrong-recipient': { status: 403 },
  // Senders give up after a 4xx, and this parcel may come later.
  'rate-limit': LATER,
  'over-quota': LATER,
  'over-share': NO_ROOM,
} as const satisfies HttpAnswers;
