import type { Log, LogFields } from '#log/log.ts';

/** A log that notes each entry: its level and message, then its fields with those of its parents. */
export function recordingLog(logged: [string, LogFields][], parents: LogFields = {}): Log {
  const record = (level: string) => (fields: LogFields, message: string) => {
    logged.push([`${level} ${message}`, { ...parents, ...fields }]);
  };
  return {
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
    wants: () => true,
    with: (fields) => recordingLog(logged, { ...parents, ...fields }),
  };
}
