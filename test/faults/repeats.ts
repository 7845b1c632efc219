/** How a parcel reaches its recipient. */
export type Channel = 'WebSocket' | 'cargo' | 'Internet delivery';

/** A hand-over of a parcel; all times are by `performance.now()`. */
export interface HandOver {
  readonly by: Channel;
  readonly atMs: number;
  /** When its collection or delivery began. */
  readonly askedAtMs: number;
  /** When its recipient acknowledged it; null until then. */
  acknowledgedAtMs: number | null;
  /** When its connection was cut without a code; null until then, and if it was closed. */
  cutAtMs: number | null;
}

/** Why a parcel was handed over again, as docs/faults.md words it, and whether the gateway could have avoided it. */
const REASONS = {
  sentAgain: { words: 'its sender got no answer, and resent it', isOurs: false },
  unacknowledged: { words: 'its recipient did not acknowledge it', isOurs: false },
  cutOff: { words: 'the connection was cut within 0.5 s of its acknowledgement', isOurs: false },
  secondCca: { words: 'a second CCA before its PCA arrived', isOurs: false },
  hastyCca: { words: 'a second CCA within 5 s of its PCA', isOurs: false },
  died: { words: 'the process that had it in hand was killed', isOurs: true },
  twice: { words: 'twice in one collection', isOurs: true },
  unheeded: { words: 'its acknowledgement was not heeded', isOurs: true },
} as const;

type Reason = keyof typeof REASONS;

/** How a parcel was sent. */
interface Sent {
  /** Attempts to deliver it to the gateway. */
  readonly attempts: number;
  /** When the latest of them ended; null until then. */
  readonly lastAnsweredAtMs: number | null;
}

/** A repeated hand-over of a parcel. */
export interface Repeat {
  readonly id: string;
  /** The way of the parcel, as the ledger names it. */
  readonly road: string;
  /** As it had been sent by then. */
  readonly sent: Sent;
  readonly before: HandOver;
  readonly again: HandOver;
  readonly reason: Reason;
}

/** What was sent so shortly before the connection was cut may not have been read. */
const CUT_OFF_MS = 500;
/** A process has a parcel in hand for no longer, unless its backing fails. */
const IN_HAND_MS = 5_000;
/** RS-000, "Cargo Relay Binding": couriers pause so long between delivering and collecting cargo. */
const COURIERS_PAUSE_MS = 5_000;

/**
 * Why a parcel was handed over again.
 *
 * @param earlier - the hand-overs before, at least one
 * @param deaths - when processes were killed
 */
export function reasonOf(
  earlier: readonly HandOver[],
  again: HandOver,
  sent: Sent,
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

/** How many of them the gateway could have avoided. */
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

/** A line for each that the gateway could have avoided, with times before it in milliseconds, to look into. */
export function describeOurs(repeats: readonly Repeat[]): string[] {
  return repeats
    .filter(({ reason }) => REASONS[reason].isOurs)
    .map(({ id, road, sent, before, again, reason }) => {
      const ago = (ms: number | null) => (ms === null ? 'never' : Math.round(again.atMs - ms));
      const delivered = `sent ${sent.attempts} times, last answered ${ago(sent.lastAnsweredAtMs)}`;
      const received = `received ${ago(before.atMs)}, acknowledged ${ago(before.acknowledgedAtMs)}`;
      return `${road} (${id}): ${REASONS[reason].words}; ${delivered}; ${received} ms ago`;
    });
}
