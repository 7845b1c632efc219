import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { epochIdOf } from '#awala/sessions/derived-session-key.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
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

function hex(octets: Uint8Array | null | undefined): string | undefined {
  return octets ? Buffer.from(octets).toString('hex') : undefined;
}

describe('SessionKeys', () => {
  let clock: ManualClock;
  let records: InMemoryRecordStore;
  let vault: MemoryVault;
  let metrics: RecordedMetrics;
  let plausibility: { doubt: string | null };
  let keys: SessionKeys;

  beforeEach(() => {
    clock = new ManualClock();
    records = new InMemoryRecordStore({ clock });
    vault = new MemoryVault(identity('gateway'));
    metrics = new RecordedMetrics();
    plausibility = { doubt: null };
    keys = inAnotherProcess();
  });

  function inAnotherProcess(options?: { readonly acceptsPublished: boolean }): SessionKeys {
    return new SessionKeys({ vault, records, clock, metrics, plausibility }, options);
  }

  /** A node with a certificate that was issued then, unless now. */
  function sender(nodeId: string, issuedAt = clock.now()) {
    return { nodeId, notBefore: new Date(issuedAt.getTime() - 3 * HOUR_MS) };
  }

  async function kindFor(keyId: Uint8Array, nodeId: string, issuedAt?: Date): Promise<string> {
    return (await keys.openingKey(keyId, sender(nodeId, issuedAt)))?.kind ?? 'none';
  }

  async function recordIds(): Promise<string[]> {
    const all = await Array.fromAsync(records.list(recordKind('session-key'), ''));
    return all.map(({ id }) => id);
  }

  describe('for nodes that register', () => {
    it('are for that node alone, in every process, also after a restart', async () => {
      const { id, publicKey } = await keys.registrationKey(PHONE);
      const opening = await inAnotherProcess().openingKey(id, sender(PHONE));
      assert.equal(opening?.kind, 'registration');
      assert.ok(opening);
      assert.notDeepEqual((await keys.registrationKey(OTHER)).publicKey, publicKey);
      assert.equal(await kindFor(id, OTHER), 'none');
    });

    it('take one record for as many nodes as register in 30 days, and none that is opened', async () => {
      for (let node = 0; node < 100; node++) {
        await keys.registrationKey(`node ${node}`);
      }
      assert.equal((await recordIds()).length, 1);
      clock.advance(29 * DAY_MS);
      await keys.registrationKey(PHONE);
      assert.equal((await recordIds()).length, 1);
      clock.advance(2 * DAY_MS);
      await keys.registrationKey(PHONE);
      assert.equal((await recordIds()).length, 2);
    });

    it('take one record when many register at once', async () => {
      const given = await Promise.all(
        [1, 2, 3].map((node) => keys.registrationKey(`node ${node}`)),
      );
      assert.equal(new Set(given.map(({ id }) => hex(epochIdOf(id)))).size, 1);
      assert.equal((await recordIds()).length, 1);
    });

    it('are kept until what a phone sends last cannot be under way any more', async () => {
      await keys.registrationKey(OTHER);
      clock.advance(30 * DAY_MS - 1);
      const { id } = await keys.registrationKey(PHONE);
      clock.advance(360 * DAY_MS);
      assert.equal(await kindFor(id, PHONE), 'registration');
      clock.advance(DAY_MS);
      assert.equal(await kindFor(id, PHONE), 'none');
    });

    it('stay good whatever other keys the node used since', async () => {
      const { id } = await keys.registrationKey(PHONE);
      const bound = await keys.createFor(PHONE, 'prime256v1');
      assert.equal(await kindFor(bound.id, PHONE), 'bound');
      clock.advance(DAY_MS);
      assert.equal(await kindFor(id, PHONE), 'registration');
    });

    it('look like unknown ones to any other id of that length', async () => {
      const { id } = await keys.registrationKey(PHONE);
      for (let octet = 0; octet < id.length; octet++) {
        const changed = Uint8Array.from(id).with(octet, (id[octet] ?? 0) ^ 1);
        assert.equal(await kindFor(changed, PHONE), 'none');
      }
    });
  });

  describe('that are published', () => {
    it('are one for thirty days, also after a restart', async () => {
      const first = await keys.publishedKey();
      clock.advance(29 * DAY_MS);
      assert.equal(hex((await keys.publishedKey()).id), hex(first.id));
      assert.equal(hex((await inAnotherProcess().publishedKey()).publicKey), hex(first.publicKey));
      clock.advance(2 * DAY_MS);
      assert.notEqual(hex((await keys.publishedKey()).id), hex(first.id));
    });

    it('open for anybody, for as long as cargo may be under way', async () => {
      const { id } = await keys.publishedKey();
      assert.equal(await kindFor(id, OTHER), 'published');
      clock.advance(389 * DAY_MS);
      assert.equal(await kindFor(id, PHONE), 'published');
      clock.advance(2 * DAY_MS);
      assert.equal(await kindFor(id, PHONE), 'none');
    });

    it('open for nobody once they are to be refused, which is counted', async () => {
      const { id } = await keys.publishedKey();
      keys = inAnotherProcess({ acceptsPublished: false });
      assert.equal(await kindFor(id, PHONE), 'none');
      assert.deepEqual(metrics.sessionMessages, { 'published refused': 1 });
      assert.equal(hex((await keys.publishedKey()).id), hex(id));
    });
  });

  describe('after a start with the clock a year ahead', () => {
    const YEAR_MS = 365 * DAY_MS;
    let published: string | undefined;
    let given: Uint8Array;

    beforeEach(async () => {
      clock.advance(YEAR_MS);
      published = hex((await keys.publishedKey()).id);
      given = (await keys.registrationKey(PHONE)).id;
      clock.advance(-YEAR_MS);
    });

    for (const [what, isRestarted] of [
      ['of the same process', false],
      ['of the next process', true],
    ] as const) {
      it(`are replaced on schedule: those ${what}`, async () => {
        if (isRestarted) {
          keys = inAnotherProcess();
        }
        const epoch = async () => hex(epochIdOf((await keys.registrationKey(PHONE)).id));
        const [first, firstEpoch] = [hex((await keys.publishedKey()).id), await epoch()];
        assert.notEqual(firstEpoch, hex(epochIdOf(given)));
        clock.advance(31 * DAY_MS);
        const [second, secondEpoch] = [hex((await keys.publishedKey()).id), await epoch()];
        assert.notEqual(second, first);
        assert.notEqual(second, published);
        assert.notEqual(secondEpoch, firstEpoch);
        clock.advance(YEAR_MS - 30 * DAY_MS);
        keys = inAnotherProcess();
        assert.notEqual(hex((await keys.publishedKey()).id), published);
      });
    }

    it('still open what was encrypted for them', async () => {
      assert.equal(await kindFor(given, PHONE), 'registration');
      assert.equal(await kindFor(Buffer.from(published ?? '', 'hex'), PHONE), 'published');
    });
  });

  it('bind a key to the peer that it was made for', async () => {
    const { id, privateKey } = await keys.createFor(PHONE, 'secp384r1');
    const found = await keys.openingKey(id, sender(PHONE));
    assert.ok(found?.privateKey.equals(privateKey));
    assert.equal(await kindFor(id, OTHER), 'none');
    assert.equal(hex((await keys.boundKey(id, PHONE))?.id), hex(id));
  });

  it('keep a bound key while a cargo and its answer may be under way', async () => {
    const { id } = await keys.createFor(PHONE, 'prime256v1');
    clock.advance(359 * DAY_MS);
    assert.equal(await kindFor(id, PHONE), 'bound');
    clock.advance(2 * DAY_MS);
    assert.equal(await kindFor(id, PHONE), 'none');
  });

  it('made while the clock may be far behind are not gone once it is right', async () => {
    const YEARS_MS = 50 * 365 * DAY_MS;
    clock.advance(-YEARS_MS);
    plausibility.doubt = 'it is before this version was made';
    const { id } = await keys.createFor(PHONE, 'prime256v1');
    const published = await keys.publishedKey();
    plausibility.doubt = null;
    clock.advance(YEARS_MS);
    assert.equal(await kindFor(id, PHONE), 'bound');
    assert.equal(await kindFor(published.id, PHONE), 'published');
    assert.notEqual(hex((await keys.publishedKey()).id), hex(published.id));
  });

  it('know no key that they did not make', async () => {
    assert.equal(await kindFor(generateSessionKey().id, PHONE), 'none');
    assert.equal(await kindFor(Buffer.alloc(16), PHONE), 'none');
  });
});
