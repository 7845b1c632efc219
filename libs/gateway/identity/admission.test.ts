import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { INVITATION, INVITATION_ID } from '../peers/invitation.ts';
import { Admission } from './admission.ts';

describe('an invitation', () => {
  it('loses one place to a phone that asks again before it is answered', async () => {
    const clock = new ManualClock();
    const records = new InMemoryRecordStore({ clock });
    const fields = { places: 2, reason: 'a friend', since: clock.now() };
    const expiresAt = new Date(clock.now().getTime() + 60_000);
    await records.set(INVITATION, INVITATION_ID, fields, { expiresAt });
    const known = new Set<string>();
    const renewalNotes = {
      isKnown: async (peer: string) => known.has(peer),
      remember: async (peer: string) => {
        known.add(peer);
      },
    };
    const admission = new Admission({
      registration: 'invitation',
      records,
      renewalNotes,
      log: silentLog,
    });
    await Promise.all([admission.admit('0a'), admission.admit('0a')]);
    assert.equal((await records.get(INVITATION, INVITATION_ID))?.fields.places, 1);
    await admission.admit('0b');
    await assert.rejects(admission.admit('0c'), { code: 'not-invited' });
  });
});
