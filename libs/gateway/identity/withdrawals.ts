import { parseDeauthorisation, serialNumberText } from '#awala/cargo/deauthorisation.ts';
import { InvalidMessageError, Refusal } from '#awala/errors.ts';
import { CLOCK_DRIFT_TOLERANCE_MS, MAX_LIFE_MS } from '#awala/limits.ts';
import type { ParcelPath } from '#awala/message-verifier.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Certificate } from '#awala/x509/certificate.ts';
import { BackingUnavailableError, ClockInDoubtError } from '#backing/errors.ts';
import { LookUps } from '#bounds/look-ups.ts';
import type { Clock } from '#clock/clock.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';
import {
  extended,
  isWithdrawn,
  nameOf,
  nameOfCertificate,
  type Withdrawal,
} from './withdrawn-list.ts';

/** Half of the ten seconds after which a withdrawal holds in every process. */
const KNOWN_FOR_MS = 5_000;
/** Private gateways whose withdrawals this process knows; 16 KiB at most each, most have none. */
const MAX_KNOWN = 2_000;
/** Changes of a record by others meanwhile, before we give up. */
const MAX_TRIES = 5;

/** When a private gateway without room for more may try again: the longest that clients are told. */
const AGAIN_MS = 3_600_000;

const NOTHING = new Uint8Array();

/** By the id of the private gateway, until all in it has expired. */
const WITHDRAWN = recordKind<{ readonly list: Uint8Array }>(RECORD_KIND.withdrawn);

interface WithdrawalsParts {
  readonly records: Pick<RecordStore, 'get' | 'set' | 'create'>;
  readonly clock: Clock;
  /** Never in doubt unless given. */
  readonly plausibility?: Pick<ClockPlausibility, 'doubt'>;
}

/** The refusal of a deauthorisation for which there is no room. */
export function noRoomToWithdraw(): Refusal {
  const message = 'There is no room for more until some of what was withdrawn has expired';
  return new Refusal('over-quota', message, { againInMs: AGAIN_MS });
}

/**
 * Which authorisations private gateways withdrew, and which of their certificates they revoked. Each
 * withdraws only what its own endpoints issued: what it says of others' is kept, and never looked at.
 *
 * There is one record for each private gateway, so that keys, which are free, can fill it with
 * {@link MAX_WITHDRAWN} entries each and no more.
 *
 * @see RS-000 "Parcel Delivery Deauthorization", docs/proposals/withdrawals.md
 */
export class Withdrawals {
  readonly #parts: WithdrawalsParts;
  readonly #known: LookUps<Uint8Array>;

  constructor(parts: WithdrawalsParts) {
    this.#parts = parts;
    this.#known = new LookUps(parts.clock, MAX_KNOWN);
  }

  /**
   * Refuses a parcel whose sender's authorisation was withdrawn, or the certificate of whose recipient's
   * private gateway was revoked. Costs one read of the record store for each private gateway every
   * few seconds.
   *
   * @param path - verified
   * @throws {InvalidMessageError} `withdrawn`, `certificate`
   * @throws {BackingUnavailableError}
   */
  async requireStanding([sender, recipient, privateGateway]: ParcelPath): Promise<void> {
    const list = await this.#withdrawnBy(privateGateway.nodeId);
    if (list.length === 0) {
      return;
    }
    this.#requireUnrevoked(privateGateway, list);
    const authorisation = { startsAt: sender.notBefore, now: this.#parts.clock.now() };
    const serialNumber = serialNumberText(sender.serialNumber);
    for (const name of [nameOf(recipient.nodeId, serialNumber), nameOf(recipient.nodeId, null)]) {
      if (isWithdrawn(list, name, authorisation)) {
        throw new InvalidMessageError('withdrawn', "The sender's authorisation was withdrawn");
      }
    }
  }

  /**
   * Refuses what a private gateway signs under a certificate that it revoked. Costs as much as {@link
   * requireStanding}.
   *
   * @param certificate - verified, and issued by us
   * @throws {InvalidMessageError} `certificate`
   * @throws {BackingUnavailableError}
   */
  async requireUnrevoked(certificate: Certificate): Promise<void> {
    this.#requireUnrevoked(certificate, await this.#withdrawnBy(certificate.nodeId));
  }

  /**
   * What to withdraw to revoke a private gateway's certificate: it stays revoked until it ends.
   *
   * @param certificate - verified, and issued by us
   */
  revocationOf({ serialNumber, notAfter }: Certificate): readonly Withdrawal[] {
    const name = nameOfCertificate(serialNumberText(serialNumber));
    return [{ name, upToMs: Number.POSITIVE_INFINITY, expiresAtMs: notAfter.getTime() + 1_000 }];
  }

  /**
   * Reads a deauthorisation (PDD), and what to withdraw for it.
   *
   * @throws {MalformedMessageError}
   * @throws {InvalidMessageError} `expired`; `not-yet-valid`, as it would withdraw what is yet to be
   * issued
   * @throws {ClockInDoubtError} while the clock is in doubt, which decides how long it is kept
   */
  read(octets: Uint8Array): readonly Withdrawal[] {
    const { recipient, serialNumbers, expiresAt, createdAt } = parseDeauthorisation(octets);
    const doubt = this.#parts.plausibility?.doubt ?? null;
    if (doubt !== null) {
      throw new ClockInDoubtError(doubt);
    }
    const nowMs = this.#parts.clock.now().getTime();
    if (expiresAt.getTime() <= nowMs) {
      throw new InvalidMessageError('expired', 'Deauthorisation has expired');
    }
    if (createdAt.getTime() > nowMs + CLOCK_DRIFT_TOLERANCE_MS) {
      throw new InvalidMessageError('not-yet-valid', 'Deauthorisation is dated in the future');
    }
    const expiresAtMs = Math.min(expiresAt.getTime(), nowMs + MAX_LIFE_MS);
    if (serialNumbers.length === 0) {
      return [{ name: nameOf(recipient, null), upToMs: createdAt.getTime(), expiresAtMs }];
    }
    const upToMs = Number.POSITIVE_INFINITY;
    return serialNumbers.map((each) => ({ name: nameOf(recipient, each), upToMs, expiresAtMs }));
  }

  /**
   * Withdraws. Durable once it resolves, and within ten seconds in effect in every process. What was
   * withdrawn before costs one read, all else one write.
   *
   * @param groups - of each deauthorisation, by {@link read}: withdrawn wholly or not at all
   * @returns for how many of them there was no room, as {@link MAX_WITHDRAWN} others stand
   * @throws {BackingUnavailableError}
   */
  async withdraw(
    privateGateway: NodeId,
    groups: readonly (readonly Withdrawal[])[],
  ): Promise<number> {
    const { records, clock } = this.#parts;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const record = await records.get(WITHDRAWN, privateGateway);
      const next = extended(record?.fields.list ?? NOTHING, groups, clock.now());
      const { list, expiresAt, isChanged, left } = next;
      const isWritten =
        !isChanged ||
        (record
          ? await records.set(
              WITHDRAWN,
              privateGateway,
              { list },
              { expiresAt, ifVersion: record.version },
            )
          : await records.create(WITHDRAWN, privateGateway, { list }, { expiresAt }));
      if (isWritten) {
        this.#known.forget(privateGateway);
        return left;
      }
    }
    throw new BackingUnavailableError(
      'record-store',
      'what a private gateway withdrew kept changing',
    );
  }

  #requireUnrevoked({ serialNumber, notBefore }: Certificate, list: Uint8Array): void {
    const name = nameOfCertificate(serialNumberText(serialNumber));
    if (isWithdrawn(list, name, { startsAt: notBefore, now: this.#parts.clock.now() })) {
      throw new InvalidMessageError('certificate', "The private gateway's certificate was revoked");
    }
  }

  #withdrawnBy(privateGateway: NodeId): Promise<Uint8Array> {
    return this.#known.get(privateGateway, async () => {
      const record = await this.#parts.records.get(WITHDRAWN, privateGateway);
      return { value: record?.fields.list ?? NOTHING, forMs: KNOWN_FOR_MS };
    });
  }
}
