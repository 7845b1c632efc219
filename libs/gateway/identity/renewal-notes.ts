import { hash } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { BackingError } from '#backing/errors.ts';
import { Cache } from '#bounds/cache.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import type { Log } from '#log/log.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';
import { isEstablished } from './established.ts';
import { ROTATION_THRESHOLD_MS } from './peer-certificate.ts';

const DAY_MS = 86_400_000;
/** A note is written so long before a certificate is due for renewal, at the earliest. */
const AHEAD_MS = 7 * DAY_MS;
/** A note is kept so long after that, for phones that come late. */
const KEPT_AFTER_MS = 14 * DAY_MS;
/** Private gateways that this process noted lately; some 200 octets each. */
const MAX_NOTED = 10_000;
/** After this, a note that could not be written is tried again. */
const RETRY_MS = 60_000;
/** Leaves issuing the certificate most of the time that a client waits. */
const PATIENCE_MS = 500;

const NOTE = recordKind(RECORD_KIND.renewalNote);

interface RenewalNotesParts {
  readonly records: RecordStore;
  readonly clock: Clock;
  /** Never in doubt unless given. */
  readonly plausibility?: Pick<ClockPlausibility, 'doubt'>;
  readonly log: Log;
}

/**
 * Which established private gateways are about to renew their certificates. A phone that registers
 * again proves nothing but its key, so whoever saw its certificate shortly before leaves a note.
 *
 * A note holds no id, and helps only who has the id already. It is a hint: without one, the phone
 * is registered as a new one.
 *
 * @see docs/decisions/established-phones.md
 */
export class RenewalNotes {
  readonly #parts: RenewalNotesParts;
  readonly #noted: Cache<true>;

  constructor(parts: RenewalNotesParts) {
    this.#parts = parts;
    this.#noted = new Cache(parts.clock, MAX_NOTED);
  }

  /**
   * Leaves a note if there will be use for it. The caller does not wait for that.
   *
   * @param certificate - verified, and issued by us
   */
  met(certificate: Certificate): void {
    const { clock, plausibility } = this.#parts;
    const now = clock.now();
    const dueAtMs = certificate.notAfter.getTime() - ROTATION_THRESHOLD_MS;
    const untilDueMs = dueAtMs - now.getTime();
    if (
      untilDueMs <= AHEAD_MS &&
      untilDueMs > -KEPT_AFTER_MS &&
      isEstablished(certificate, now) &&
      (plausibility?.doubt ?? null) === null
    ) {
      this.#note(certificate.nodeId, new Date(dueAtMs + KEPT_AFTER_MS));
    }
  }

  /**
   * Whether there is a note of a private gateway; false if the record store is unavailable or slow.
   */
  isEstablished(peer: NodeId): Promise<boolean> {
    const { records, clock } = this.#parts;
    const found = records.get(NOTE, idOf(peer)).then(
      (note) => note !== null,
      (error: unknown) => {
        if (error instanceof BackingError) {
          return false;
        }
        throw error;
      },
    );
    return inTime(clock, PATIENCE_MS, found, () => false);
  }

  #note(peer: NodeId, expiresAt: Date): void {
    const { records, log } = this.#parts;
    const noted = `${peer} ${expiresAt.getTime()}`;
    if (this.#noted.has(noted)) {
      return;
    }
    this.#noted.set(noted, true);
    records.set(NOTE, idOf(peer), {}, { expiresAt }).catch((error: unknown) => {
      this.#noted.set(noted, true, RETRY_MS);
      log.debug({ error }, 'Could not note that a phone is about to renew its certificate');
    });
  }
}

/** Holds no id: only whoever has it can tell. */
function idOf(peer: NodeId): string {
  return hash('sha256', `renewal of ${peer}`);
}
