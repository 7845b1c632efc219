import type { LogFields } from '#log/log.ts';
import { withoutNames } from '#log/trace.ts';

const MASK = '[redacted]';

/** Names that are never logged, in any case and at any depth. */
const SECRET_NAME =
  /authori[sz]ation|cookie|password|passphrase|secret|private.?key|sealing.?key|access.?token|^token$/i;

/** Longest text kept whole: identifiers have at most 1 024 characters (RS-001). */
const LONGEST_TEXT = 1_100;

const DEEPEST = 4;
const MOST_ENTRIES = 50;

/** A text that is just a node id says whose the line is, in an attribute of its own. */
const NODE_ID = /^0[0-9a-f]{64}$/;

interface Fitting {
  /** Whether texts may contain keys of parcels and cargoes, and node ids among other words. */
  readonly showsNames: boolean;
  /** Whether trace ids replace keys; not in a line that also names a node. */
  readonly keepsTraces: boolean;
  /** Whether errors with a `code`, which someone expects, show their stack. */
  readonly showsStacks: boolean;
}

/**
 * Makes fields safe to log: no secrets, octets only as their number, bounded texts, and of an error
 * only what helps to find its cause.
 *
 * Unless names are shown, the errors of libraries reveal neither who sent a parcel nor whom it is
 * for.
 */
export function fitForLog(fields: LogFields, fitting: Fitting): Record<string, unknown> {
  return new Fitter(fitting).record(fields, 0);
}

class Fitter {
  readonly #fitting: Fitting;

  constructor(fitting: Fitting) {
    this.#fitting = fitting;
  }

  record(fields: object, depth: number): Record<string, unknown> {
    const fitted: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields).slice(0, MOST_ENTRIES)) {
      fitted[name] = SECRET_NAME.test(name) ? MASK : this.#value(value, depth + 1);
    }
    return fitted;
  }

  #value(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'bigint':
        return value.toString();
      case 'object':
        return value === null ? null : this.#object(value, depth);
      default:
        return value;
    }
  }

  #object(value: object, depth: number): unknown {
    if (ArrayBuffer.isView(value)) {
      return `[${value.byteLength} octets]`;
    }
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    }
    if (value instanceof URL) {
      return this.#text(withoutCredentials(value));
    }
    if (depth >= DEEPEST) {
      return '[…]';
    }
    if (value instanceof Error) {
      return this.#error(value, depth);
    }
    if (Array.isArray(value)) {
      return value.slice(0, MOST_ENTRIES).map((item) => this.#value(item, depth + 1));
    }
    // Objects that can show themselves, such as secrets, do so.
    return 'toJSON' in value && typeof value.toJSON === 'function'
      ? this.#value(value.toJSON(), depth + 1)
      : this.record(value, depth);
  }

  /** Omits other properties of errors: libraries put requests, and so secrets, into them. */
  #error(error: Error, depth: number): Record<string, unknown> {
    const hasCode = 'code' in error;
    return {
      type: error.name,
      message: this.#text(error.message),
      ...(hasCode && { code: this.#value(error.code, depth + 1) }),
      // Reading a stack creates it, which costs more than all the rest.
      ...((this.#fitting.showsStacks || !hasCode) && { stack: this.#stack(error) }),
      ...(error.cause !== undefined && { cause: this.#value(error.cause, depth + 1) }),
    };
  }

  #stack({ stack }: Error): string | undefined {
    return stack && this.#named(stack.slice(0, 4 * LONGEST_TEXT));
  }

  #text(text: string): string {
    const cut = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
    return NODE_ID.test(cut) ? cut : this.#named(cut);
  }

  #named(text: string): string {
    const { showsNames, keepsTraces } = this.#fitting;
    return showsNames ? text : withoutNames(text, keepsTraces);
  }
}

function withoutCredentials(url: URL): string {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}
