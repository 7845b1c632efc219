import { type Clock, delay } from '#clock/clock.ts';
import { inTurns } from './in-turns.ts';

/** A connection, to those that move it. */
export interface Served {
  /** Whether its client, sent away, comes back in its own time. */
  readonly canBeMoved: boolean;
  /** Whether it stays until it is sent away, rather than end once it has what there is. */
  readonly isKeptAlive: boolean;
  /** Address of the other side, such as a load balancer; empty if unknown. */
  readonly peerAddress: string;
  /** Whether it was asked to go. */
  isTold: boolean;
  /** Asks it to go and come back; resolves within some seconds, once it was asked. */
  goAway(): Promise<void>;
}

interface Moving {
  readonly clock: Clock;
  /**
   * How long to take for asking them one after the other, so that they do not all come back at
   * once.
   */
  readonly spreadMs: number;
  /** Asked before each: whether it must still go. */
  readonly isStillDue?: () => boolean;
}

/**
 * Asks connections to go and come back, the first at once. Resolves once the last was asked, and
 * `spreadMs` is over.
 */
export async function sendAway(
  going: readonly Served[],
  { clock, spreadMs, isStillDue = () => true }: Moving,
): Promise<void> {
  const beganMs = clock.elapsedMs();
  const pauseMs = spreadMs / going.length;
  const asked: Promise<void>[] = [];
  await inTurns(going, async (served, index) => {
    const earlyMs = beganMs + pauseMs * index - clock.elapsedMs();
    if (earlyMs > 0) {
      await delay(clock, earlyMs);
    }
    if (isStillDue()) {
      served.isTold = true;
      asked.push(served.goAway());
    }
  });
  const leftMs = beganMs + spreadMs - clock.elapsedMs();
  await Promise.all([delay(clock, Math.max(0, leftMs)), ...asked]);
}
