/** What kind of failure it is, for choosing a remedy. */
export type Ailment =
  | 'denied'
  | 'missing'
  | 'unauthenticated'
  | 'unreachable'
  | 'unanswered'
  | 'other';

/** What is behind a failure. */
export interface Diagnosis {
  readonly ailment: Ailment;
  /** The words of the service or the system. */
  readonly detail: string;
}

const MOST_DETAIL = 300;

/** The name of our port, which the finding says already. */
const OWN_PREFIX = /^(?:object-store|record-store|key-vault|signals|work-queue): /;

const HTTP: Readonly<Record<number, Ailment>> = {
  401: 'unauthenticated',
  403: 'denied',
  404: 'missing',
};

/** gRPC statuses. */
const GRPC: Readonly<Record<number, Ailment>> = {
  4: 'unanswered',
  5: 'missing',
  7: 'denied',
  14: 'unreachable',
  16: 'unauthenticated',
};

const SYSTEM: Readonly<Record<string, Ailment>> = {
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOENT: 'missing',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  ETIMEDOUT: 'unreachable',
};

const PHRASES: readonly (readonly [RegExp, Ailment])[] = [
  [/default credentials|NOAUTH|WRONGPASS|invalid_grant/i, 'unauthenticated'],
  [/NOPERM/, 'denied'],
  [/no answer within|timed out/i, 'unanswered'],
];

/** Finds out what is behind a backing service's failure. */
export function diagnose(error: unknown): Diagnosis {
  const chain = [...causesOf(error)];
  const detail = (chain.at(-1)?.message || String(error))
    .replaceAll(/\s+/g, ' ')
    .replace(OWN_PREFIX, '');
  for (const cause of chain) {
    const ailment = ailmentOf(cause);
    if (ailment) {
      return { ailment, detail: detail.slice(0, MOST_DETAIL) };
    }
  }
  return { ailment: 'other', detail: detail.slice(0, MOST_DETAIL) };
}

function* causesOf(error: unknown): Generator<Error> {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    yield cause;
    if (cause instanceof AggregateError && cause.errors.length > 0) {
      yield* causesOf(cause.errors[0]);
    }
  }
}

function ailmentOf(error: Error): Ailment | undefined {
  const { code, status } = error as { readonly code?: unknown; readonly status?: unknown };
  return (
    (typeof status === 'number' ? HTTP[status] : undefined) ??
    (typeof code === 'number' ? GRPC[code] : undefined) ??
    (typeof code === 'string' ? SYSTEM[code] : undefined) ??
    PHRASES.find(([phrase]) => phrase.test(error.message))?.[1]
  );
}
