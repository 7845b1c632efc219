import { BUILT_AT } from '#clock/built-at.ts';
import type { Clock } from '#clock/clock.ts';
import {
  describeOffset,
  MOST_OFFSET_MS as MOST_OFFSET_IN_SERVICE_MS,
  type WitnessedTime,
} from '#clock/clock-plausibility.ts';
import type { ClockWitness } from '#composition/clock-witnesses.ts';
import { type Finding, ill, well } from './finding.ts';

/** Signatures and certificates of peers are judged by this machine's clock. */
const MOST_OFFSET_MS = 30_000;
const TIMEOUT_MS = 5_000;
const SET_CLOCK = 'Let NTP (systemd-timesyncd, chrony) set this machine’s clock';

/** Whether this machine's clock agrees with the witnesses that answer. */
export async function clockFindings(
  witnesses: readonly ClockWitness[],
  clock: Clock,
): Promise<readonly Finding[]> {
  const times = await Promise.all(witnesses.map((witness) => askWitness(witness, clock)));
  return times.filter((time) => time !== null).map(clockFinding);
}

function clockFinding(time: WitnessedTime): Finding {
  const offsetMs = time.oursMs - time.theirsMs;
  return Math.abs(offsetMs) <= MOST_OFFSET_MS
    ? well('clock', `it agrees with ${time.by}`)
    : ill('clock', `${describeOffset(time.by, offsetMs)}${inDoubt(offsetMs)}`, {
        why: 'A wrong clock keeps phones from registering, and delays parcels.',
        remedy: `${SET_CLOCK}.`,
      });
}

/** Other findings report those that do not answer. */
async function askWitness({ by, ask }: ClockWitness, clock: Clock): Promise<WitnessedTime | null> {
  try {
    const theirsMs = await ask(TIMEOUT_MS);
    return theirsMs === null ? null : { by, theirsMs, oursMs: clock.now().getTime() };
  } catch {
    return null;
  }
}

function inDoubt(offsetMs: number): string {
  return Math.abs(offsetMs) > MOST_OFFSET_IN_SERVICE_MS
    ? ': services refuse nothing for its dates'
    : '';
}

/** Whether this machine's clock shows a possible time at all. */
export function releaseClockFinding(now: Date): Finding[] {
  return now >= BUILT_AT
    ? []
    : [
        ill(
          'clock',
          `it shows ${now.toISOString()}, before this release was made: nothing is refused for its dates`,
          { why: 'Until it is right, peers are told to come again.', remedy: `${SET_CLOCK}.` },
        ),
      ];
}
