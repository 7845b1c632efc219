import type { LogFields } from '#log/log.ts';

const MASK = '[redacted]';

/** Names under which nothing may be logged, whatever their case and wherever they stand. */
const SECRET_NAME =
  /authori[sz]ation|cookie|password|passphrase|secret|private.?key|sealing.?key|access.?token|^token$/i;

/** Longest text kept whole: identifiers are at most 1 024 characters (RS-001). */
const LONGEST_TEXT = 1_100;

const DEEPEST = 4;
const MOST_ENTRIES = 50;

/**
 * Makes fields fit to be logged: no secrets, no octets (only how many), no text
 * without bound, and of an error only what helps to find its cause.
 */
export function fitForLog(fields: LogFields): Record<string, unknown> {
  return fitRecord(fields, 0);
}

function fitRecord(fields: object, depth: number): Record<string, unknown> {
  const fitted: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields).slice(0, MOST_ENTRIES)) {
    fitted[name] = SECRET_NAME.test(name) ? MASK : fitValue(value, depth + 1);
  }
  return fitted;
}

function fitValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return fitText(value);
    case 'bigint':
      return value.toString();
    case 'object':
      return value === null ? null : fitObject(value, depth);
    default:
      return value;
  }
}

function fitObject(value: object, depth: number): unknown {
  if (ArrayBuffer.isView(value)) {
    return `[${value.byteLength} octets]`;
  }
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  }
  if (value instanceof URL) {
    return fitText(withoutCredentials(value));
  }
  if (depth >= DEEPEST) {
    return '[…]';
  }
  if (value instanceof Error) {
    return fitError(value, depth);
  }
  if (Array.isArray(value)) {
    return value.slice(0, MOST_ENTRIES).map((item) => fitValue(item, depth + 1));
  }
  // What knows how to show itself, such as a secret, is asked to.
  return 'toJSON' in value && typeof value.toJSON === 'function'
    ? fitValue(value.toJSON(), depth + 1)
    : fitRecord(value, depth);
}

/** Further properties of errors are left out: libraries put requests, and so secrets, into them. */
function fitError(error: Error, depth: number): Record<string, unknown> {
  return {
    type: error.name,
    message: fitText(error.message),
    ...('code' in error && { code: fitValue(error.code, depth + 1) }),
    stack: error.stack?.slice(0, 4 * LONGEST_TEXT),
    ...(error.cause !== undefined && { cause: fitValue(error.cause, depth + 1) }),
  };
}

function withoutCredentials(url: URL): string {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  return copy.href;
}

function fitText(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
