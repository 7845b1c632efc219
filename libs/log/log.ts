/** What a log line may carry: identifiers and figures, never content or keys. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured log. What is expected (a bad signature, an expired parcel) is
 * `info`; only surprises are `error`. An error object goes under `error`.
 */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A log whose lines all carry these fields too. */
  with(fields: LogFields): Log;
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => silentLog,
};
