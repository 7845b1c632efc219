/** A Firestore timestamp, finer than a `Date`. */
export interface UpdateTime {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** The document state that a record's version names. */
interface Version {
  readonly updateTime: UpdateTime;
  /** Lets a conditional write to an expired record fail without reading it. */
  readonly expiresAtMs: number | null;
}

const VERSION = /^(\d{1,12})\.(\d{1,9})(?:@(-?\d{1,16}))?$/;

/** The version of the record that a document in this state holds. */
export function formatVersion(
  { seconds, nanoseconds }: UpdateTime,
  expiresAt: Date | null,
): string {
  const time = `${seconds}.${nanoseconds}`;
  return expiresAt ? `${time}@${expiresAt.getTime()}` : time;
}

/** @returns null for a string that is no version */
export function parseVersion(version: string): Version | null {
  const [, seconds, nanoseconds, expiresAtMs] = VERSION.exec(version) ?? [];
  return seconds === undefined
    ? null
    : {
        updateTime: { seconds: Number(seconds), nanoseconds: Number(nanoseconds) },
        expiresAtMs: expiresAtMs === undefined ? null : Number(expiresAtMs),
      };
}
