import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { Log, LogFields } from '#log/log.ts';

/** A {@link Log} as fastify wants one. */
export class FastifyLog implements FastifyBaseLogger {
  readonly level = 'info';
  readonly #parent: Log;
  readonly #fields: LogFields | null;
  #own: Log | null = null;

  /** @param fields - carried by every line */
  constructor(parent: Log, fields: LogFields | null = null) {
    this.#parent = parent;
    this.#fields = fields;
  }

  debug(first: unknown, message?: unknown): void {
    this.log.debug(...entry(first, message));
  }

  info(first: unknown, message?: unknown): void {
    // Fastify announces each address that it listens on, in its own words.
    if (first !== '') {
      this.log.info(...entry(first, message));
    }
  }

  warn(first: unknown, message?: unknown): void {
    this.log.warn(...entry(first, message));
  }

  error(first: unknown, message?: unknown): void {
    this.log.error(...entry(first, message));
  }

  fatal(first: unknown, message?: unknown): void {
    this.error(first, message);
  }

  trace(): void {}

  silent(): void {}

  child(fields: LogFields): FastifyLog {
    return new FastifyLog(this.log, fields);
  }

  /** Created at first use: most requests log once or never. */
  get log(): Log {
    this.#own ??= this.#fields ? this.#parent.with(this.#fields) : this.#parent;
    return this.#own;
  }
}

/** The log whose lines carry the id of one of our requests. */
export function logOf({ log }: Pick<FastifyRequest, 'log'>): Log {
  if (!(log instanceof FastifyLog)) {
    throw new TypeError('the request is not of an HttpServer');
  }
  return log.log;
}

/** Drops the request and reply objects that fastify logs. */
function entry(first: unknown, message: unknown): [LogFields, string] {
  if (typeof first !== 'object' || first === null) {
    return [{}, String(first)];
  }
  const { err, req: _, res: __, ...fields } = Object.fromEntries(Object.entries(first));
  return [{ ...fields, ...(err !== undefined && { error: err }) }, String(message ?? '')];
}
