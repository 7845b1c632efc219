/** The result of posting a parcel to its Internet address. */
export type DeliveryAnswer =
  | { readonly outcome: 'delivered' }
  /** It will never be accepted. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** It may be accepted later. */
  | {
      readonly outcome: 'failed';
      readonly reason: string;
      /**
       * What the failure says of the destination: `down`, other parcels would fail too; `up`, it
       * answers; `up-for-others`, it answers, but not this sender for now; `unknown`, it was not
       * asked.
       */
      readonly destination: 'down' | 'up' | 'up-for-others' | 'unknown';
      /**
       * How long the destination asked us to wait; null if it did not. With all parcels if it is
       * `down`, with all of the sender if it is `up-for-others`, or else with this one.
       */
      readonly retryAfterMs: number | null;
    };

const MIN_RETRY_AFTER_MS = 1_000;

const REQUEST_TIMEOUT = 408;
const TOO_EARLY = 425;
const TOO_MANY_REQUESTS = 429;
const INSUFFICIENT_STORAGE = 507;
/** Client errors that are temporary. */
const PASSING = [REQUEST_TIMEOUT, TOO_EARLY, TOO_MANY_REQUESTS];

/**
 * What an HTTP status means for a parcel.
 *
 * @param retryAfter - the header `Retry-After`, if any
 * @see RS-007 "Parcel Delivery"
 */
export function answerOfStatus(
  status: number,
  retryAfter: string | undefined,
  now: Date,
): DeliveryAnswer {
  if (status >= 200 && status < 300) {
    return { outcome: 'delivered' };
  }
  const reason = `http-${status}`;
  if (status >= 400 && status < 500 && !PASSING.includes(status)) {
    return { outcome: 'refused', reason };
  }
  return {
    outcome: 'failed',
    reason,
    destination: whatFailed(status),
    retryAfterMs: parseRetryAfter(retryAfter, now),
  };
}

function whatFailed(status: number): 'down' | 'up' | 'up-for-others' {
  if (status === TOO_MANY_REQUESTS) {
    return 'up-for-others';
  }
  return status >= 500 && status !== INSUFFICIENT_STORAGE ? 'down' : 'up';
}

/** @returns null if absent or malformed; otherwise a second or more */
function parseRetryAfter(retryAfter: string | undefined, now: Date): number | null {
  if (retryAfter === undefined) {
    return null;
  }
  const askedMs = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter) * 1_000
    : Date.parse(retryAfter) - now.getTime();
  return Number.isNaN(askedMs) ? null : Math.max(askedMs, MIN_RETRY_AFTER_MS);
}
