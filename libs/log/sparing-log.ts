import type { Log, LogFields, LogLevel } from './log.ts';

/**
 * Adds fields to each line, as {@link Log.with} does, but makes the log that does so only for a line
 * that is written: for thousands that live long and hardly ever log.
 */
export class SparingLog implements Log {
  readonly #log: Log;
  readonly #fields: LogFields;

  constructor(log: Log, fields: LogFields) {
    this.#log = log;
    this.#fields = fields;
  }

  debug(fields: LogFields, message: string): void {
    this.#write('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#write('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#write('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#write('error', fields, message);
  }

  wants(level: LogLevel): boolean {
    return this.#log.wants(level);
  }

  with(fields: LogFields): Log {
    return this.#log.with(this.#fields).with(fields);
  }

  #write(level: LogLevel, fields: LogFields, message: string): void {
    if (this.#log.wants(level)) {
      this.#log.with(this.#fields)[level](fields, message);
    }
  }
}
