import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { PeerSessionKeys } from './peer-session-keys.ts';

const PHONE = `0${'a'.repeat(64)}`;
const OTHER = `0${'b'.repeat(64)}`;

function hex(octets: Uint8Array | undefined): string | undefined {
  return octets && Buffer.from(octets).toString('hex');
}

describe('PeerSessionKeys', () => {
  const [older, newer] = [generateSessionKey(), generateSessionKey()];
  const sentAt = new Date('2026-01-01T00:00:00Z');
  let clock: ManualClock;
  let keys: PeerSessionKeys;

  beforeEach(() => {
    clock = new ManualClock();
    keys = new PeerSessionKeys({ records: new InMemoryRecordStore({ clock }), clock });
  });

  it('gives the key of the newest message, whatever the order of arrival', async () => {
    await keys.remember(PHONE, newer, new Date(sentAt.getTime() + 1_000));
    await keys.remember(PHONE, older, sentAt);
    assert.equal(hex((await keys.last(PHONE))?.id), hex(newer.id));
  });

  it('replaces the key of an older message', async () => {
    await keys.remember(PHONE, older, sentAt);
    await keys.remember(PHONE, newer, new Date(sentAt.getTime() + 1_000));
    assert.equal(hex((await keys.last(PHONE))?.publicKey), hex(newer.publicKey));
  });

  it('replaces the key of a message from the future that a clock ahead let in', async () => {
    clock.set(new Date('2027-01-01T00:00:00Z'));
    await keys.remember(PHONE, older, clock.now());
    clock.set(new Date('2026-01-01T00:00:00Z'));
    await keys.remember(PHONE, newer, clock.now());
    assert.equal(hex((await keys.last(PHONE))?.id), hex(newer.id));
    await keys.remember(PHONE, older, new Date(sentAt.getTime() - 1_000));
    assert.equal(hex((await keys.last(PHONE))?.id), hex(newer.id));
  });

  it('settles on the newest when several arrive at once', async () => {
    const all = Array.from({ length: 4 }, () => generateSessionKey());
    await Promise.all(
      all.map((key, index) =>
        keys.remember(PHONE, key, new Date(sentAt.getTime() + index * 1_000)),
      ),
    );
    assert.equal(hex((await keys.last(PHONE))?.id), hex(all.at(-1)?.id));
  });

  it('keeps the keys of peers apart', async () => {
    await keys.remember(PHONE, older, sentAt);
    assert.equal(await keys.last(OTHER), null);
  });
});
