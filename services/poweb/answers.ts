import { COUNTERSIGNATURE_CHALLENGE } from '#awala/countersignature.ts';
import {
  HTTP_ANSWERS,
  type HttpAnswers,
  LATER,
  NO_ROOM,
  UNAVAILABLE,
} from '#runtime/http/answers.ts';

/**
 * The parcel can never be accepted. Deployed phones then delete it, so nothing that may be accepted
 * later belongs here.
 */
const NEVER = { status: 422 } as const;

const COUNTERSIGNED_ANSWERS = {
  'countersignature-malformed': {
    status: 401,
    headers: { 'WWW-Authenticate': COUNTERSIGNATURE_CHALLENGE },
  },
  'countersignature-invalid': { status: 403 },
  'over-quota': LATER,
  // The phone keeps what it has, until an operator unblocks it.
  'peer-blocked': UNAVAILABLE,
} as const satisfies HttpAnswers;

/**
 * The answers of `POST /v1/parcels`. Deployed phones delete a parcel only after 202 and 422, and
 * otherwise keep it first in their queue.
 *
 * @see docs/decisions/answers-to-phones.md
 */
export const PARCEL_ANSWERS = {
  ...HTTP_ANSWERS,
  ...COUNTERSIGNED_ANSWERS,
  'over-share': NO_ROOM,
  'body-too-large': NEVER,
  malformed: NEVER,
  signature: NEVER,
  algorithm: NEVER,
  expired: NEVER,
  'not-yet-valid': NEVER,
  certificate: NEVER,
  'untrusted-path': NEVER,
  withdrawn: NEVER,
  'wrong-recipient': NEVER,
} as const satisfies HttpAnswers;

/** The answers of `POST /v1/parcel-delivery-deauthorizations`. */
export const DEAUTHORISATION_ANSWERS = {
  ...HTTP_ANSWERS,
  ...COUNTERSIGNED_ANSWERS,
  malformed: { status: 400 },
  expired: NEVER,
  'not-yet-valid': NEVER,
} as const satisfies HttpAnswers;

/** The answers of `POST /v1/pre-registrations` and `POST /v1/nodes`. */
export const REGISTRATION_ANSWERS = {
  ...HTTP_ANSWERS,
  'registrations-full': UNAVAILABLE,
  'peer-blocked': { status: 403 },
  'not-invited': { status: 403 },
  malformed: { status: 400 },
  signature: { status: 400 },
  algorithm: { status: 400 },
  expired: { status: 400 },
  'wrong-key': { status: 403 },
} as const satisfies HttpAnswers;
