import type { Timestamp } from './fields.ts';

/** Which state of a document a record's version names. */
export interface Version {
  readonly updateTime: { readonly seconds: string; readonly nanos: number };
  /** So that a conditional write to an expired record fails without reading it. */
  readonly expiresAtMs: number | null;
}

const VERSION = /^(\d{1,12})\.(\d{1,9})(?:@(-?\d{1,16}))?$/;

export function formatVersion(updateTime: Timestamp, expiresAt: Date | null): string {
  const time = `${String(updateTime.seconds ?? 0)}.${updateTime.nanos ?? 0}`;
  return expiresAt ? `${time}@${expiresAt.getTime()}` : time;
}

/** @returns null for what was never the version of a record */
export function parseVersion(version: string): Version | null {
  const [, seconds, nanos, expiresAtMs] = VERSION.exec(version) ?? [];
  return seconds === undefined
    ? null
    : {
        updateTime: { seconds, nanos: Number(nanos) },
        expiresAtMs: expiresAtMs === undefined ? null : Number(expiresAtMs),
      };
}
