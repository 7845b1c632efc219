import type { RamfMessage } from '#awala/ramf/message.ts';
import { MOST_OFFSET_MS } from '#clock/clock-plausibility.ts';
import type { AcceptedBefore } from '../held/accepted-parcels.ts';

/** Enough to tell a few parcels apart that one sender signed. */
const MARK_OCTETS = 12;

/**
 * Whether a parcel is nothing new: it came before, or it was made earlier than another one that
 * came under the same ids and so replaced it. Of what a former version recorded, only what lives
 * longer is new.
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
 * What there is to know once a parcel is accepted.
 *
 * @param now - a parcel counts as made by then, whatever its sender's clock says: one that was ahead
 *   must not keep out what its sender makes later
 */
export function withParcel(
  earlier: AcceptedBefore | null,
  parcel: RamfMessage,
  now: Date,
): Pick<AcceptedBefore, 'marks' | 'newestAtMs' | 'expiresAt'> {
  const mark = markOf(parcel);
  const others = earlier?.marks.filter((each) => each !== mark) ?? [];
  // In whole seconds, as dates of messages are.
  const nowMs = Math.floor(now.getTime() / 1_000) * 1_000;
  const madeAtMs = Math.min(parcel.createdAt.getTime(), nowMs);
  const isLonger = earlier === null || earlier.expiresAt < parcel.expiresAt;
  return {
    marks: [...others, mark],
    newestAtMs: Math.max(earlier ? newestAtMsOf(earlier, now) : 0, madeAtMs),
    expiresAt: isLonger ? parcel.expiresAt : earlier.expiresAt,
  };
}

/** What came while our own clock was ahead, from a sender whose clock was, too, keeps out nothing. */
function newestAtMsOf({ newestAtMs }: AcceptedBefore, now: Date): number {
  return newestAtMs > now.getTime() + MOST_OFFSET_MS ? 0 : newestAtMs;
}

/** Of all that its sender signed. */
function markOf(parcel: RamfMessage): string {
  const digest = parcel.signedData.contentDigest;
  return Buffer.from(digest.subarray(0, MARK_OCTETS)).toString('base64url');
}
