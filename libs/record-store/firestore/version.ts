/** A point in time as Firestore gives it: finer than a `Date`. */
export interface UpdateTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Which state of a document a record's version names. */
interface Version {
  readonly updateTime: UpdateTime;
  /** So that a conditional write to an expired record fails without reading it. */
  readonly expiresAtMs: number | null;
}

const VERSION = /^(\d{1,12})\.(\d{1,9})(?:@(-?\d{1,16}))?$/;

export function formatVersion(
  { seconds, nanoseconds }: UpdateTime,
  expiresAt: Date | null,
): string {
  const time = `${seconds}.${nanoseconds}`;
  return expiresAt ? `${time}@${expiresAt.getTime()}` : time;
}

/** @returns null for what was never the version of a record */
export function parseVersion(version: string): Version | null {
  const [, seconds, nanoseconds, expiresAtMs] = VERSION.exec(version) ?? [];
  return seconds === undefined
    ? null
    : {
        updateTime: { seconds: Number(seconds), nanoseconds: Number(nanoseconds) },
        expiresAtMs: expiresAtMs === undefined ? null : Number(expiresAtMs),
      };
}
