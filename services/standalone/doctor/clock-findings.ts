import type { Clock } from '#clock/clock.ts';
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
          `it is ${seconds} s ${offsetMs > 0 ? 'ahead of' : 'behind'} ${by}`,
          'Let NTP (systemd-timesyncd, chrony) set this machine’s clock: a wrong one refuses good parcels.',
        );
  });
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
