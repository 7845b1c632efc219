import type { Attribute } from './attributes.ts';

/** What a log line may carry: identifiers and figures, never content or keys. */
export type LogFields = { readonly [Name in Attribute]?: unknown };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Structured log. What is expected (a bad signature, an expired parcel) is
 * `info`; only surprises are `error`. An error object goes under `error`.
 *
 * From `info` on, no line joins who sent a parcel and whom it is for: the steps of
 * parcels and cargoes go through `logStep`, and other lines name a node only where
 * something failed. Each attribute is explained in `docs/logs.md`.
 */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Whether lines of that level are written: for fields that cost something, or that only `debug` may show. */
  wants(level: LogLevel): boolean;
  /** A log whose lines all carry these fields too. */
  with(fields: LogFields): Log;
}

export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  wants: () => false,
  with: () => silentLog,
};
