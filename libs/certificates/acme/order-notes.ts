import type { Clock } from '#clock/clock.ts';
import type { KeptFiles } from './kept-files.ts';
import { certificateError } from './problems.ts';

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
/** Let's Encrypt takes five failed validations of a name in an hour. */
const MOST_PER_HOUR = 4;
/** So many fail in a week if all do; after thousands, Let's Encrypt would block the name. */
const MOST_PER_WEEK = 50;
/** Let's Encrypt issues five certificates for the same name in a week. */
const MOST_CERTIFICATES_PER_WEEK = 4;
/** Of certificates that last for less than half a week, so many are enough in two of their lives. */
const LIVES = 2;

/** Of all names and authorities together, more than any operator tries in a week. */
const MOST_NOTED = 200;

/** What is ordered, and where; limits hold for each by itself. */
export interface Ordered {
  /** A domain name in canonical form. */
  readonly name: string;
  /** The authority's URL. */
  readonly directory: string;
}

/** An order that was begun. */
export interface NotedOrder extends Ordered {
  readonly at: Date;
  /** Whether a certificate came of it, or may have: the process may have ended meanwhile. */
  readonly mayBeIssued: boolean;
}

interface Bound {
  readonly most: number;
  readonly withinMs: number;
  readonly orders: readonly NotedOrder[];
  readonly what: string;
}

/**
 * Notes each order before it is made, in a file that outlives the process, and so keeps their number
 * below what authorities allow, however often the process ends or its clock is set.
 */
export class OrderNotes {
  readonly #ordered: Ordered;
  readonly #files: KeptFiles;
  readonly #clock: Clock;

  constructor(
    { name, directory }: Ordered,
    parts: { readonly files: KeptFiles; readonly clock: Clock },
  ) {
    this.#ordered = { name, directory };
    this.#files = parts.files;
    this.#clock = parts.clock;
  }

  /**
   * Notes an order as one that may bring a certificate.
   *
   * @param lifeMs - how long certificates last; null if that is not known
   * @throws {CertificateError} `rate-limit` if there were too many lately
   * @throws if it cannot be noted
   */
  async begin(lifeMs: number | null): Promise<void> {
    const now = this.#clock.now();
    const noted = await this.#read(now);
    const full = boundsOf(
      noted.filter((each) => this.#isSame(each)),
      lifeMs,
    )
      .map((bound) => ({ ...bound, waitMs: waitMsOf(bound, now) }))
      .sort((one, other) => other.waitMs - one.waitMs)
      .find(({ waitMs }) => waitMs > 0);
    if (full) {
      const next = new Date(now.getTime() + full.waitMs).toISOString();
      const happened = `this gateway ${full.what}, and makes the next order at ${next}`;
      // Kept, as a time from the future was replaced.
      await this.#files.keepOrders(noted);
      throw certificateError('rate-limit', happened, { retryAfterMs: full.waitMs });
    }
    const begun = { at: now, ...this.#ordered, mayBeIssued: true };
    await this.#files.keepOrders([...noted.slice(1 - MOST_NOTED), begun]);
  }

  /** Notes that no certificate came of the latest order. */
  async failed(): Promise<void> {
    const noted = await this.#read(this.#clock.now());
    const latest = noted.at(-1);
    if (latest) {
      await this.#files.keepOrders([...noted.slice(0, -1), { ...latest, mayBeIssued: false }]);
    }
  }

  #isSame({ name, directory }: Ordered): boolean {
    return name === this.#ordered.name && directory === this.#ordered.directory;
  }

  /** Those of the last week. One from the future was noted by a wrong clock, and counts as new. */
  async #read(now: Date): Promise<readonly NotedOrder[]> {
    const noted = await this.#files.orders();
    return noted
      .map((each) => ({ ...each, at: each.at < now ? each.at : now }))
      .filter(({ at }) => now.getTime() - at.getTime() < WEEK_MS);
  }
}

function boundsOf(noted: readonly NotedOrder[], lifeMs: number | null): readonly Bound[] {
  return [
    {
      most: MOST_PER_HOUR,
      withinMs: HOUR_MS,
      orders: noted,
      what: `made ${MOST_PER_HOUR} orders within an hour`,
    },
    {
      most: MOST_PER_WEEK,
      withinMs: WEEK_MS,
      orders: noted,
      what: `made ${MOST_PER_WEEK} orders within a week`,
    },
    {
      most: MOST_CERTIFICATES_PER_WEEK,
      withinMs: Math.min(WEEK_MS, LIVES * (lifeMs ?? WEEK_MS)),
      orders: noted.filter(({ mayBeIssued }) => mayBeIssued),
      what: `got ${MOST_CERTIFICATES_PER_WEEK} certificates lately, or may have`,
    },
  ];
}

/** How long until one more is within the bound. */
function waitMsOf({ most, withinMs, orders }: Bound, now: Date): number {
  const oldest = orders.at(-most);
  return oldest === undefined ? 0 : oldest.at.getTime() + withinMs - now.getTime();
}
