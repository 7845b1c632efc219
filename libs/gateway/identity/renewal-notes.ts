import { hash } from 'node:crypto';
import { MAX_LIFE_MS } from '#awala/limits.ts';
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
import { KNOWN_PHONE, knownPhoneId } from '../peers/known-phone.ts';
import { isEstablished } from './established.ts';
import { ROTATION_THRESHOLD_MS } from './peer-certificate.ts';

const DAY_MS = 86_400_000;
/** A note is written so long before a certificate is due for renewal, at the earliest. */
const AHEAD_MS = 7 * DAY_MS;
/** A note is kept so long after that, for phones that come late. */
const KEPT_AFTER_MS = 14 * DAY_MS;
/**
 * A phone stays known so long after its certificate ends, as the next one that a courier brings it ends
 * no later.
 */
const KNOWN_AFTER_MS = MAX_LIFE_MS;
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
  /** Whether newcomers may not just register, so that those who renew must be told from them. */
  readonly notesKnown?: boolean;
}

/**
 * Which private gateways are about to renew their certificates. A phone that registers again proves
 * nothing but its key, so whoever sees its certificate before leaves a note: if it is established,
 * and, where newcomers may not just register, that it is known.
 *
 * A note holds no id, and helps only who has the id already. That of an established phone is a hint:
 * without one, the phone is registered as a new one.
 *
 * @see docs/decisions/established-phones.md, docs/decisions/registration-policy.md
 */
export class RenewalNotes {
  readonly #parts: RenewalNotesParts;
  readonly #noted: Cache<true>;

  constructor(parts: RenewalNotesParts) {
    this.#parts = parts;
    this.#noted = new Cache(parts.clock, MAX_NOTED);
  }

  /**
   * Leaves the notes that there will be use for. The caller does not wait for that.
   *
   * @param certificate - verified, and issued by us
   */
  met(certificate: Certificate): void {
    const { clock, plausibility, notesKnown } = this.#parts;
    if ((plausibility?.doubt ?? null) !== null) {
      return;
    }
    if (notesKnown) {
      const knownUntil = new Date(certificate.notAfter.getTime() + KNOWN_AFTER_MS);
      this.#note(KNOWN_PHONE, knownPhoneId(certificate.nodeId), knownUntil);
    }
    const now = clock.now();
    const dueAtMs = certificate.notAfter.getTime() - ROTATION_THRESHOLD_MS;
    const untilDueMs = dueAtMs - now.getTime();
    if (untilDueMs <= AHEAD_MS && untilDueMs > -KEPT_AFTER_MS && isEstablished(certificate, now)) {
      this.#note(NOTE, idOf(certificate.nodeId), new Date(dueAtMs + KEPT_AFTER_MS));
    }
  }

  /**
   * Whether there is a note that a private gateway is established; false if the record store is
   * unavailable or slow.
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

  /**
   * Whether a private gateway is known.
   *
   * @throws {BackingUnavailableError}
   */
  async isKnown(peer: NodeId): Promise<boolean> {
    return (await this.#parts.records.get(KNOWN_PHONE, knownPhoneId(peer))) !== null;
  }

  /**
   * Makes a private gateway known that is about to get a certificate.
   *
   * @throws {BackingUnavailableError}
   */
  async remember(peer: NodeId): Promise<void> {
    const { records, clock } = this.#parts;
    const expiresAt = new Date(clock.now().getTime() + MAX_LIFE_MS + KNOWN_AFTER_MS);
    await records.set(KNOWN_PHONE, knownPhoneId(peer), {}, { expiresAt });
  }

  #note(kind: typeof NOTE, id: string, expiresAt: Date): void {
    const { records, log } = this.#parts;
    const noted = `${id} ${expiresAt.getTime()}`;
    if (this.#noted.has(noted)) {
      return;
    }
    this.#noted.set(noted, true);
    records.set(kind, id, {}, { expiresAt }).catch((error: unknown) => {
      this.#noted.set(noted, true, RETRY_MS);
      log.debug({ error }, 'Could not leave a note of a phone');
    });
  }
}

/** Holds no id: only whoever has it can tell. */
function idOf(peer: NodeId): string {
  return hash('sha256', `renewal of ${peer}`);
}
