import type { RamfMessage } from '#awala/ramf/message.ts';
import { MOST_OFFSET_MS } from '#clock/clock-plausibility.ts';
import type { AcceptedBefore } from '../held/accepted-parcels.ts';

/** Enough to tell a few parcels of one sender apart. */
const MARK_OCTETS = 12;

/**
 * Whether a parcel brings nothing new: it is a duplicate, or was made before another one under the
 * same ids that replaced it. Compared with records of older versions, only a later expiry is new.
 */
export function isBehind(parcel: RamfMessage, earlier: AcceptedBefore, now: Date): boolean {
  if (earlier.marks.length === 0) {
    return parcel.expiresAt <= earlier.expiresAt;
  }
  return (
    earlier.marks.includes(markOf(parcel)) ||
    parcel.createdAt.getTime() < newestAtMsOf(earlier, now)
  );
}

/**
 * What to record once a parcel is accepted.
 *
 * @param now - the latest that the parcel counts as made: a sender whose clock was ahead must not
 * block what it sends later
 */
export function withParcel(
  earlier: AcceptedBefore | null,
  parcel: RamfMessage,
  now: Date,
): Pick<AcceptedBefore, 'marks' | 'newestAtMs' | 'expiresAt'> {
  const mark = markOf(parcel);
  const others = earlier?.marks.filter((each) => each !== mark) ?? [];
  // In whole seconds, like the dates of messages.
  const nowMs = Math.floor(now.getTime() / 1_000) * 1_000;
  const madeAtMs = Math.min(parcel.createdAt.getTime(), nowMs);
  const isLonger = earlier === null || earlier.expiresAt < parcel.expiresAt;
  return {
    marks: [...others, mark],
    newestAtMs: Math.max(earlier ? newestAtMsOf(earlier, now) : 0, madeAtMs),
    expiresAt: isLonger ? parcel.expiresAt : earlier.expiresAt,
  };
}

/** A date from the future, let in while our own clock was ahead, blocks nothing. */
function newestAtMsOf({ newestAtMs }: AcceptedBefore, now: Date): number {
  return newestAtMs > now.getTime() + MOST_OFFSET_MS ? 0 : newestAtMs;
}

/** Over all that its sender signed. */
function markOf(parcel: RamfMessage): string {
  const digest = parcel.signedData.contentDigest;
  return Buffer.from(digest.subarray(0, MARK_OCTETS)).toString('base64url');
}
