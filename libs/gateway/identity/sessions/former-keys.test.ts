import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import {
  generateSessionKey,
  type SessionKeyPair,
  serialiseSessionPrivateKey,
} from '#awala/sessions/session-key.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { recordKind } from '#record-store/port.ts';
import { identity } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { RecordedMetrics } from '#test/end-to-end/workers/recorded.ts';
import { SessionKeys } from './session-keys.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PHONE = `0${'a'.repeat(64)}`;
const OTHER = `0${'b'.repeat(64)}`;

function hex(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}

describe('Session keys of former versions', () => {
  const BEFORE_MS = 10 * DAY_MS;
  let former: SessionKeyPair;
  let switchedAt: Date;

  let clock: ManualClock;
  let records: InMemoryRecordStore;
  let vault: MemoryVault;
  let metrics: RecordedMetrics;
  let plausibility: { doubt: string | null };
  let keys: SessionKeys;

  beforeEach(async () => {
    clock = new ManualClock();
    records = new InMemoryRecordStore({ clock });
    vault = new MemoryVault(identity('gateway'));
    metrics = new RecordedMetrics();
    plausibility = { doubt: null };
    keys = inAnotherProcess();
    former = await storeAsFormerVersionsDid(new Date(clock.now().getTime() - BEFORE_MS));
    switchedAt = clock.now();
  });

  function inAnotherProcess(): SessionKeys {
    return new SessionKeys({ vault, records, clock, metrics, plausibility });
  }

  /** Of the key that opens for a node with a certificate of then. */
  async function kindFor(keyId: Uint8Array, nodeId: string, issuedAt: Date): Promise<string> {
    const notBefore = new Date(issuedAt.getTime() - 3 * HOUR_MS);
    return (await keys.openingKey(keyId, { nodeId, notBefore }))?.kind ?? 'none';
  }

  async function storeAsFormerVersionsDid(createdAt: Date): Promise<SessionKeyPair> {
    const pair = generateSessionKey();
    const id = `initial/${hex(pair.id)}`;
    const sealedPrivateKey = await vault.seal(serialiseSessionPrivateKey(pair), id);
    const fields = { publicKey: pair.publicKey, sealedPrivateKey, createdAt };
    const expiresAt = new Date(createdAt.getTime() + 210 * DAY_MS);
    await records.set(recordKind('session-key'), id, fields, { expiresAt });
    return pair;
  }

  /** What a former version gives away: the newest that is not 30 days old. */
  async function givenByFormerVersions(): Promise<string[]> {
    const all = await Array.fromAsync(
      records.list(recordKind<{ createdAt: Date }>('session-key'), 'initial/'),
    );
    const youngest = clock.now().getTime() - 30 * DAY_MS;
    return all
      .filter(({ fields }) => fields.createdAt.getTime() > youngest)
      .map(({ id }) => id.slice('initial/'.length));
  }

  const daysAfter = (days: number) => new Date(switchedAt.getTime() + days * DAY_MS);

  it('open under certificates of before the switch, and of the week when both versions may run', async () => {
    await keys.prepare();
    clock.advance(100 * DAY_MS);
    assert.equal(await kindFor(former.id, PHONE, daysAfter(-1)), 'former');
    assert.equal(await kindFor(former.id, PHONE, daysAfter(6)), 'former');
    assert.equal(await kindFor(former.id, OTHER, daysAfter(8)), 'none');
    assert.equal(await kindFor(former.id, OTHER, daysAfter(99)), 'none');
    assert.deepEqual(metrics.sessionMessages, { 'former refused': 2 });
  });

  it('end with the first sight of them, also in processes that only read', async () => {
    assert.equal(await kindFor(former.id, PHONE, daysAfter(0)), 'former');
    clock.advance(20 * DAY_MS);
    keys = inAnotherProcess();
    await keys.prepare();
    assert.equal(await kindFor(former.id, PHONE, daysAfter(9)), 'none');
    assert.equal(await kindFor(former.id, PHONE, daysAfter(0)), 'former');
  });

  it('are no longer given away by former versions that start again', async () => {
    assert.deepEqual(await givenByFormerVersions(), [hex(former.id)]);
    await keys.prepare();
    assert.deepEqual(await givenByFormerVersions(), []);
  });

  it('that such a version made when the gateway was put back to it end when this one is back', async () => {
    await keys.prepare();
    clock.advance(20 * DAY_MS);
    const later = await storeAsFormerVersionsDid(clock.now());
    clock.advance(20 * DAY_MS);
    await inAnotherProcess().prepare();
    clock.advance(60 * DAY_MS);
    assert.equal(await kindFor(later.id, PHONE, daysAfter(39)), 'former');
    assert.equal(await kindFor(later.id, PHONE, daysAfter(48)), 'none');
  });

  it('are ended by no clock in doubt, nor late by one that was ahead', async () => {
    plausibility.doubt = 'it jumped';
    await keys.prepare();
    assert.deepEqual(await givenByFormerVersions(), [hex(former.id)]);
    plausibility.doubt = null;
    clock.advance(100 * DAY_MS);
    await keys.prepare();
    clock.advance(-100 * DAY_MS);
    await keys.prepare();
    clock.advance(50 * DAY_MS);
    assert.equal(await kindFor(former.id, PHONE, daysAfter(49)), 'none');
    assert.equal(await kindFor(former.id, PHONE, daysAfter(0)), 'former');
  });

  it('are kept for no longer than before', async () => {
    await keys.prepare();
    clock.advance(199 * DAY_MS);
    assert.equal(await kindFor(former.id, PHONE, daysAfter(0)), 'former');
    clock.advance(2 * DAY_MS);
    assert.equal(await kindFor(former.id, PHONE, daysAfter(0)), 'none');
  });
});
