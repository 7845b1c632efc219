import { Refusal } from '#awala/errors.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Log } from '#log/log.ts';
import type { RecordStore } from '#record-store/port.ts';
import { takePlace } from '../peers/invitation.ts';
import type { RenewalNotes } from './renewal-notes.ts';

/**
 * Who may register: anybody; those whom an operator invites, and phones that are registered; or the
 * latter alone.
 */
export type RegistrationMode = 'open' | 'invitation' | 'closed';

interface AdmissionParts {
  readonly registration: RegistrationMode;
  readonly records: Pick<RecordStore, 'get' | 'set'>;
  readonly renewalNotes: Pick<RenewalNotes, 'isKnown' | 'remember'>;
  readonly log: Log;
}

/**
 * Lets newcomers register, or does not. Phones that are registered may always register again: to
 * deployed ones that is how a certificate is renewed.
 *
 * @see docs/decisions/registration-policy.md
 */
export class Admission {
  readonly #parts: AdmissionParts;
  /** Those under way, which a client may begin again when it lost its connection. */
  readonly #admitting = new Map<NodeId, Promise<void>>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /**
   * Admits a private gateway, which takes its place of an invitation unless it is known. From then on
   * it is, as it may ask once more for what it was not told.
   *
   * @throws {Refusal} `not-invited`
   * @throws {BackingUnavailableError}
   */
  admit(peer: NodeId): Promise<void> {
    const admitting = this.#admitting.get(peer) ?? this.#admit(peer);
    this.#admitting.set(peer, admitting);
    return admitting.finally(() => this.#admitting.delete(peer));
  }

  async #admit(peer: NodeId): Promise<void> {
    const { registration, records, renewalNotes, log } = this.#parts;
    if (registration === 'open') {
      return;
    }
    if (!(await renewalNotes.isKnown(peer))) {
      if (registration === 'closed' || !(await takePlace(records))) {
        log.info({ peer }, 'Refused to register a newcomer');
        throw new Refusal('not-invited', 'New phones need an invitation by the operator');
      }
      log.info({ peer }, 'A newcomer took a place of the invitation');
    }
    await renewalNotes.remember(peer);
  }
}
