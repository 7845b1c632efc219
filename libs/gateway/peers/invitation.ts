import { type RecordStore, recordKind, type StoredRecord } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';

/** An operator's decision that the next so many newcomers may register. */
export interface Invitation {
  /** How many may still come. */
  readonly places: number;
  readonly reason: string;
  readonly since: Date;
  readonly until: Date;
}

type InvitationFields = Pick<Invitation, 'places' | 'reason' | 'since'>;

/** The invitation that is open, with the id {@link INVITATION_ID}, until it ends. */
export const INVITATION = recordKind<InvitationFields>(RECORD_KIND.peerBlock);

/** The id of the record of {@link INVITATION}. */
export const INVITATION_ID = 'invitation';

/** The invitation that a record holds. */
export function invitationIn({ fields, expiresAt }: StoredRecord<InvitationFields>): Invitation {
  const { places, reason, since } = fields;
  return { places, reason, since, until: expiresAt ?? since };
}

/**
 * Takes a place of the invitation that is open. Of all processes together, no more take one than
 * there are.
 *
 * @returns false if there is none
 * @throws {BackingUnavailableError}
 */
export async function takePlace(records: Pick<RecordStore, 'get' | 'set'>): Promise<boolean> {
  for (;;) {
    const found = await records.get(INVITATION, INVITATION_ID);
    if (!found?.expiresAt || found.fields.places < 1) {
      return false;
    }
    const { fields, version: ifVersion, expiresAt } = found;
    const left = { ...fields, places: fields.places - 1 };
    if (await records.set(INVITATION, INVITATION_ID, left, { ifVersion, expiresAt })) {
      return true;
    }
    // Another took one meanwhile, so this ends: there are only so many.
  }
}
