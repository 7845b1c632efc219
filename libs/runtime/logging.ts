import { createRequire } from 'node:module';
import process from 'node:process';
import { type DestinationStream, destination, type Logger, type LoggerOptions, pino } from 'pino';
import type { prettyFactory } from 'pino-pretty';
import type { Log, LogFields, LogLevel } from '#log/log.ts';
import { choice } from './configuration/variables.ts';
import { fitForLog } from './log-fields.ts';
import { LogOutput } from './log-output.ts';

type LogFormat = 'json' | 'pretty' | 'gcp';

/**
 * What is logged, and how: `json`, one line per entry; `pretty`, for people; `gcp`, as Google Cloud
 * Logging expects.
 */
export const logVariables = {
  level: choice('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], {
    meaning: 'the lowest level that is logged',
    default: 'info',
  }),
  format: choice('LOG_FORMAT', ['json', 'pretty', 'gcp'], {
    meaning: 'the format of log lines',
    default: 'json',
  }),
} as const;

const BASE_FITTING = { showsNames: false, keepsTraces: true, showsStacks: false };

/** The log of a process; flush it before the process ends. */
export interface ProcessLog extends Log {
  /** Resolves once everything logged so far was handed to the system, or after a second. */
  flush(): Promise<void>;
}

/** How a process logs. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Carried by every line, such as the service's name and version. */
  readonly fields?: LogFields;
}

/** @param output - gets the lines; standard output by default */
export function createLog(options: LogOptions, output?: DestinationStream): ProcessLog {
  const { level, format, fields } = options;
  const settings = { ...SETTINGS[format], level, base: fitForLog(fields ?? {}, BASE_FITTING) };
  if (format === 'pretty') {
    const stream = prettyStream(output ?? destination({ dest: 1, sync: true }), !output);
    return Object.assign(new PinoLog(pino(settings, stream), format), { flush: doNothing });
  }
  if (output) {
    return Object.assign(new PinoLog(pino(settings, output), format), { flush: doNothing });
  }
  const stdout = new LogOutput();
  return Object.assign(new PinoLog(pino(settings, stdout), format), {
    flush: () => stdout.flush(),
  });
}

class PinoLog implements Log {
  readonly #logger: Logger;
  readonly #format: LogFormat;
  readonly #namesNode: boolean;

  /** @param namesNode - whether each of its lines does */
  constructor(logger: Logger, format: LogFormat, namesNode = false) {
    this.#logger = logger;
    this.#format = format;
    this.#namesNode = namesNode;
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
    return this.#logger.isLevelEnabled(level);
  }

  with(fields: LogFields): Log {
    const logger = this.#logger.child(this.#fit('info', fields));
    return new PinoLog(logger, this.#format, this.#namesNodeWith(fields));
  }

  #namesNodeWith(fields: LogFields): boolean {
    return this.#namesNode || 'peer' in fields;
  }

  #fit(level: LogLevel, fields: LogFields): Record<string, unknown> {
    return fitForLog(fields, {
      showsNames: this.#logger.isLevelEnabled('debug'),
      keepsTraces: !this.#namesNodeWith(fields),
      showsStacks: level === 'error',
    });
  }

  #write(level: LogLevel, fields: LogFields, message: string): void {
    if (this.#logger.isLevelEnabled(level)) {
      const fitted = this.#fit(level, fields);
      const { error } = fitted;
      if (this.#format === 'gcp' && fields.error instanceof Error && hasStack(error)) {
        // Google's Error Reporting groups by this field.
        fitted.stack_trace = error.stack;
      }
      this.#logger[level](fitted, message);
    }
  }
}

function hasStack(error: unknown): error is { readonly stack: unknown } {
  return typeof error === 'object' && error !== null && 'stack' in error;
}

const SEVERITIES: Readonly<Record<string, string>> = { warn: 'WARNING', fatal: 'CRITICAL' };

const JSON_SETTINGS: LoggerOptions = {
  messageKey: 'message',
  timestamp: pino.stdTimeFunctions.isoTime,
  formatters: { level: (label) => ({ level: label }) },
};

const SETTINGS: Readonly<Record<LogFormat, LoggerOptions>> = {
  json: JSON_SETTINGS,
  pretty: JSON_SETTINGS,
  gcp: {
    ...JSON_SETTINGS,
    formatters: { level: (label) => ({ severity: SEVERITIES[label] ?? label.toUpperCase() }) },
  },
};

/** Loads its package only when wanted: services in the cloud never need it. */
function prettyStream(output: DestinationStream, mayColour: boolean): DestinationStream {
  const load: (name: 'pino-pretty') => { readonly prettyFactory: typeof prettyFactory } =
    createRequire(import.meta.url);
  const prettify = load('pino-pretty').prettyFactory({
    colorize: mayColour && process.stdout.isTTY,
    messageKey: 'message',
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname,service',
    singleLine: true,
  });
  return { write: (line) => output.write(prettify(line)) };
}

async function doNothing(): Promise<void> {}
