/** How a parcel reaches whoever it is for. */
export type Channel = 'WebSocket' | 'cargo' | 'Internet delivery';

/** One time that somebody was handed a parcel; all times are those of `performance`. */
export interface HandOver {
  readonly by: Channel;
  readonly atMs: number;
  /** When whoever was handed it asked for it: the collection, or the delivery, that brought it began. */
  readonly askedAtMs: number;
  /** When the gateway was told that it arrived; null until then. */
  acknowledgedAtMs: number | null;
  /** When the connection that brought it was cut, without a code; null until then, and if it was closed. */
  cutAtMs: number | null;
}

/** Why a parcel was handed over again, in the words of the table, and whether the gateway might have known better. */
const REASONS = {
  sentAgain: { words: 'its sender had no answer, and sent it again', isOurs: false },
  unacknowledged: { words: 'not acknowledged before', isOurs: false },
  cutOff: { words: 'the connection was cut as it was acknowledged', isOurs: false },
  secondCca: { words: 'a second CCA before its PCA arrived', isOurs: false },
  hastyCca: { words: 'a second CCA within 5 s of its PCA', isOurs: false },
  died: { words: 'a process died that had it in hand', isOurs: true },
  twice: { words: 'twice in one collection', isOurs: true },
  unheeded: { words: 'acknowledged, and not heeded', isOurs: true },
} as const;

type Reason = keyof typeof REASONS;

/** A parcel that somebody was handed who had been before. */
export interface Repeat {
  readonly id: string;
  readonly before: HandOver;
  readonly again: HandOver;
  readonly reason: Reason;
}

/** What is sent so shortly before a connection is cut may not have been read. */
const CUT_OFF_MS = 500;
/** A process has a parcel in hand for no longer, unless what it stands on fails. */
const IN_HAND_MS = 5_000;
/** RS-000, "Cargo Relay Binding": couriers wait so long between delivering cargo and collecting. */
const COURIERS_PAUSE_MS = 5_000;

/**
 * Why a parcel came again.
 *
 * @param earlier - when it came before, at least once
 * @param sent.lastAnsweredAtMs - when the latest attempt at bringing it to the gateway ended; null while it has not
 * @param deaths - when processes were killed
 */
export function reasonOf(
  earlier: readonly HandOver[],
  again: HandOver,
  sent: { readonly attempts: number; readonly lastAnsweredAtMs: number | null },
  deaths: readonly number[],
): Reason {
  const [first] = earlier;
  const lastAnsweredAtMs = sent.lastAnsweredAtMs ?? Number.POSITIVE_INFINITY;
  if (first && sent.attempts > 1 && lastAnsweredAtMs >= first.atMs) {
    return 'sentAgain';
  }
  const acknowledged = earlier.find(
    ({ acknowledgedAtMs }) => acknowledgedAtMs !== null && acknowledgedAtMs <= again.askedAtMs,
  );
  if (!acknowledged) {
    if (again.by !== 'cargo' || earlier.some(({ by }) => by !== 'cargo')) {
      return 'unacknowledged';
    }
    return earlier.some(({ askedAtMs }) => askedAtMs === again.askedAtMs) ? 'twice' : 'secondCca';
  }
  return unheeded(acknowledged, again, deaths);
}

function unheeded(acknowledged: HandOver, again: HandOver, deaths: readonly number[]): Reason {
  const { by, cutAtMs } = acknowledged;
  const sinceMs = acknowledged.acknowledgedAtMs ?? 0;
  if (by === 'cargo' && again.askedAtMs - sinceMs < COURIERS_PAUSE_MS) {
    return 'hastyCca';
  }
  // Nothing acknowledges an acknowledgement.
  if (cutAtMs !== null && cutAtMs - sinceMs < CUT_OFF_MS) {
    return 'cutOff';
  }
  const isDeath = deaths.some((atMs) => Math.abs(atMs - sinceMs) < IN_HAND_MS);
  return isDeath ? 'died' : 'unheeded';
}

/** How many of them the gateway might have known better. */
export function countOurs(repeats: readonly Repeat[]): number {
  return repeats.filter(({ reason }) => REASONS[reason].isOurs).length;
}

/** A line for each road and reason, the most frequent first. */
export function describeRepeats(repeats: readonly Repeat[]): string[] {
  const counts = new Map<string, number>();
  for (const { before, again, reason } of repeats) {
    const road = before.by === again.by ? again.by : `${again.by} after ${before.by}`;
    const { words, isOurs } = REASONS[reason];
    const line = `${road.padEnd(18)}  ${isOurs ? 'ours  ' : 'theirs'}  ${words}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([line, count]) => `${String(count).padStart(7)}  ${line}`);
}
