import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { recordKind } from '#record-store/port.ts';
import { identity as keyCalled } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { Identity } from './identity.ts';

const DAY_MS = 86_400_000;

describe('the identity', () => {
  function parts() {
    const clock = new ManualClock();
    const records = new InMemoryRecordStore({ clock });
    const vault = new MemoryVault(keyCalled('this gateway'));
    return { clock, records, vault, log: silentLog };
  }

  it('issues one certificate, whoever opens it at the same time', async () => {
    const given = parts();
    const identities = await Promise.all([1, 2, 3].map(() => Identity.open(given)));
    for (const each of identities) {
      assert.equal((await each.trustedCertificates()).length, 1);
    }
  });

  it('is renewed at half-life, and before that only when told to', async () => {
    const given = parts();
    const identity = await Identity.open(given);
    assert.equal(await identity.renewIfDue(), false);
    given.clock.advance(DAY_MS);
    assert.equal(await identity.renew(), true);
    assert.equal((await identity.trustedCertificates()).length, 2);
    given.clock.advance(91 * DAY_MS);
    assert.equal(await identity.renewIfDue(), true);
    assert.equal((await identity.trustedCertificates()).length, 3);
  });

  it('verifies with what another process issued, without a right to sign', async () => {
    const { vault, ...given } = parts();
    const publicOnly = { publicKey: () => vault.publicKey() };
    const parties = { ...given, vault: publicOnly };
    await assert.rejects(Identity.openToVerify(parties), {
      code: 'backing-unavailable',
      message: /no valid certificate of its own: run awala-gateway keygen/,
    });
    const issuer = await Identity.open({ ...given, vault });
    const verifier = await Identity.openToVerify(parties);
    assert.equal(verifier.nodeId, issuer.nodeId);
    const [trusted] = await verifier.trustedCertificates();
    assert.deepEqual(trusted.der, (await issuer.currentCertificate()).der);
  });

  it('does without a certificate whose record is damaged, and never blames its peers for it', async () => {
    const given = parts();
    const identity = await Identity.open(given);
    const kind = recordKind<{ der: Uint8Array }>('own-certificate');
    const expiresAt = new Date(given.clock.now().getTime() + DAY_MS);
    const id = `${identity.nodeId}/after-damaged`;
    await given.records.set(kind, id, { der: Buffer.of(0x30) }, { expiresAt });

    given.clock.advance(60_000);

    assert.equal((await identity.trustedCertificates()).length, 1);
    assert.equal((await (await Identity.open(given)).trustedCertificates()).length, 1);
  });

  it('is renewed though the record of its first, or last, certificate is damaged', async () => {
    const given = parts();
    const kind = recordKind<{ der: Uint8Array }>('own-certificate');
    const identity = await Identity.open(given);
    for (const generation of [1, 2, 3]) {
      for await (const { id, expiresAt } of given.records.list(kind, `${identity.nodeId}/`)) {
        assert.ok(expiresAt);
        await given.records.set(kind, id, { der: Buffer.of(0x30) }, { expiresAt });
      }
      const again = await Promise.all([Identity.open(given), Identity.open(given)]);
      for (const each of again) {
        assert.equal((await each.trustedCertificates()).length, 1, `generation ${generation}`);
      }
    }
    await identity.renew();
    assert.equal((await identity.trustedCertificates()).length, 2);
  });

  for (const aheadMs of [DAY_MS / 3, 100 * DAY_MS, 365 * DAY_MS]) {
    const days = Math.round(aheadMs / DAY_MS);
    it(`is renewed in time, for years, after a start by a clock that was ${days} days ahead`, async () => {
      const given = parts();
      const now = given.clock.now();
      given.clock.set(new Date(now.getTime() + aheadMs));
      await Identity.open(given);
      given.clock.set(now);
      const identity = await Identity.open(given);
      for (let day = 0; day < 800; day++) {
        await identity.renewIfDue();
        const { notAfter } = await identity.currentCertificate();
        const leftMs = notAfter.getTime() - given.clock.now().getTime();
        assert.ok(leftMs > 89 * DAY_MS, `day ${day}: ${leftMs / DAY_MS} days left`);
        given.clock.advance(DAY_MS);
      }
      assert.equal(await identity.renew(), true);
    });
  }

  it('is renewed by whoever asks once the clock was set past the end of all its certificates', async () => {
    const given = parts();
    const identity = await Identity.open(given);
    given.clock.set(new Date(given.clock.now().getTime() + 200 * DAY_MS));
    const asked = await Promise.all([1, 2, 3].map(() => identity.trustedCertificates()));
    assert.equal(new Set(asked.map(([{ notAfter }]) => notAfter.getTime())).size, 1);
    assert.equal((await identity.trustedCertificates()).length, 1);
  });

  it('is unavailable, rather than distrusting everybody, while it may not renew', async () => {
    const plausibility: { doubt: string | null } = { doubt: null };
    const given = { ...parts(), plausibility };
    const identity = await Identity.open(given);
    const verifier = await Identity.openToVerify(given);
    given.clock.advance(181 * DAY_MS);
    plausibility.doubt = 'it jumped';
    await assert.rejects(identity.trustedCertificates(), {
      code: 'clock-in-doubt',
      message: /it jumped/,
    });
    await assert.rejects(verifier.trustedCertificates(), {
      code: 'backing-unavailable',
      message: /no valid certificate/,
    });
    plausibility.doubt = null;
    const [renewed] = await identity.trustedCertificates();
    given.clock.advance(1_000);
    const [found] = await verifier.trustedCertificates();
    assert.deepEqual(found.der, renewed.der);
  });

  it('does not renew by a clock in doubt what is still valid', async () => {
    const plausibility: { doubt: string | null } = { doubt: null };
    const given = { ...parts(), plausibility };
    const identity = await Identity.open(given);
    given.clock.advance(100 * DAY_MS);
    plausibility.doubt = 'it jumped';
    assert.equal(await identity.renewIfDue(), false);
    plausibility.doubt = null;
    assert.equal(await identity.renewIfDue(), true);
  });
});
