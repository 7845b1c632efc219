import type { Attribute } from './attributes.ts';

/** Attributes of a log line: identifiers and figures, never content or keys. */
export type LogFields = { readonly [Name in Attribute]?: unknown };

/** The levels, from the most detailed. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/**
 * Structured log. Expected failures (a bad signature, an expired parcel) are `info`; only surprises
 * are `error`. An error object goes under `error`.
 *
 * From `info` on, no line links a parcel's sender to its recipient: the steps of parcels and
 * cargoes go through `logStep`, and other lines name a node only where something failed.
 * `docs/logs.md` explains each attribute.
 */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /**
   * Whether lines of that level are written; for fields that are expensive, or meant for `debug`
   * only.
   */
  wants(level: LogLevel): boolean;
  /** A log that adds these fields to each line. */
  with(fields: LogFields): Log;
}

/** A log that writes nothing. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  wants: () => false,
  with: () => silentLog,
};
