import { BUILT_AT } from '#clock/built-at.ts';
import type { Clock } from '#clock/clock.ts';
import { MOST_OFFSET_MS as MOST_OFFSET_IN_SERVICE_MS } from '#clock/clock-plausibility.ts';
import type { ObjectStoreConfig } from '#composition/object-store.ts';
import { type Finding, ill, well } from './finding.ts';

/** Signatures and certificates of peers are judged by this machine's clock. */
const MOST_OFFSET_MS = 30_000;
const TIMEOUT_MS = 5_000;
const DEFAULT_ENDPOINT = 'https://storage.googleapis.com';

/** A time that somebody else told, and when it was here. */
export interface Comparison {
  readonly by: string;
  readonly theirsMs: number;
  readonly oursMs: number;
}

/** Whether this machine's clock agrees with those of the backing services. */
export function clockFindings(comparisons: readonly Comparison[]): Finding[] {
  const subject = 'clock';
  return comparisons.map(({ by, theirsMs, oursMs }) => {
    const offsetMs = oursMs - theirsMs;
    const seconds = Math.round(Math.abs(offsetMs) / 1_000);
    return Math.abs(offsetMs) <= MOST_OFFSET_MS
      ? well(subject, `it agrees with ${by}`)
      : ill(
          subject,
          `it is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} ${by}${inDoubt(offsetMs)}`,
          'Let NTP (systemd-timesyncd, chrony) set this machine’s clock: a wrong one refuses good parcels.',
        );
  });
}

function inDoubt(offsetMs: number): string {
  return Math.abs(offsetMs) > MOST_OFFSET_IN_SERVICE_MS
    ? ': services refuse nothing for its dates'
    : '';
}

/** Whether this machine's clock shows a time that is possible at all. */
export function releaseClockFinding(now: Date): Finding[] {
  return now >= BUILT_AT
    ? []
    : [
        ill(
          'clock',
          `it shows ${now.toISOString()}, before this release was made: nothing is refused for its dates`,
          'Let NTP (systemd-timesyncd, chrony) set this machine’s clock: until then, peers are told to come again.',
        ),
      ];
}

/** What Cloud Storage takes for the time; none if it does not say. */
export async function askObjectStore(
  config: ObjectStoreConfig,
  clock: Clock,
): Promise<Comparison[]> {
  if (config.kind !== 'gcs') {
    return [];
  }
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(config.endpoint ?? DEFAULT_ENDPOINT, { method: 'HEAD', signal });
    const theirsMs = Date.parse(response.headers.get('date') ?? '');
    const oursMs = clock.now().getTime();
    return Number.isNaN(theirsMs) ? [] : [{ by: 'Cloud Storage', theirsMs, oursMs }];
  } catch {
    return [];
  }
}
