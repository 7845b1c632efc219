import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Certificate } from '#awala/x509/certificate.ts';
import { issueGatewayCertificate } from '#awala/x509/issuance.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import type { FieldValue, RecordKind } from '#record-store/port.ts';
import { identity as keyCalled } from '#test/builders/peers.ts';
import { MemoryVault } from '#test/cogrpc/memory-vault.ts';
import { isEstablished } from './established.ts';
import { Identity } from './identity.ts';
import { issueToPeer, rotateIfDue } from './peer-certificate.ts';
import { RenewalNotes } from './renewal-notes.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const phone = keyCalled('phone');

/** Fails, or does not answer, on demand. */
class MoodyRecords extends InMemoryRecordStore {
  mood: 'well' | 'down' | 'silent' = 'well';
  writes = 0;

  override async get<F extends Record<string, FieldValue>>(kind: RecordKind<F>, id: string) {
    await this.#answer();
    return super.get(kind, id);
  }

  override async set(...given: Parameters<InMemoryRecordStore['set']>) {
    this.writes += 1;
    await this.#answer();
    return super.set(...given);
  }

  async #answer(): Promise<void> {
    if (this.mood === 'down') {
      throw new BackingUnavailableError('record-store', 'down');
    }
    if (this.mood === 'silent') {
      await new Promise(() => {});
    }
  }
}

async function opened() {
  const clock = new ManualClock();
  const records = new MoodyRecords({ clock });
  const vault = new MemoryVault(keyCalled('this gateway'));
  const plausibility: { doubt: string | null } = { doubt: null };
  const parts = { clock, records, vault, plausibility, log: silentLog };
  const identity = await Identity.open(parts);
  records.writes = 0;
  return { ...parts, identity, notes: new RenewalNotes(parts) };
}

type Setting = Awaited<ReturnType<typeof opened>>;

async function register(setting: Setting): Promise<Certificate> {
  const isOld = await setting.notes.isEstablished(phone.nodeId);
  const subject = { key: phone.spki, isEstablished: isOld };
  return (await issueToPeer(subject, setting)).peerCertificate;
}

describe('A private gateway', () => {
  let setting: Setting;

  beforeEach(async () => {
    setting = await opened();
  });

  const pass = (days: number) => setting.clock.advance(days * DAY_MS);

  it('is established once it has been registered for a week', async () => {
    const certificate = await register(setting);
    assert.ok(!isEstablished(certificate, setting.clock.now()));
    pass(7);
    assert.ok(!isEstablished(certificate, setting.clock.now()));
    setting.clock.advance(1);
    assert.ok(isEstablished(certificate, setting.clock.now()));
  });

  it('stays so when a courier brings its next certificate, and only then', async () => {
    for (const [days, isOld] of [
      [6, false],
      [8, true],
    ] as const) {
      const parts = { ...setting, clock: new ManualClock(setting.clock.now()) };
      const { identity } = setting;
      const soon = await issueGatewayCertificate({
        subjectKey: phone.spki,
        issuer: await identity.currentCertificate(),
        issuerKey: identity.publicKeyDer,
        sign: identity.sign,
        notBefore: new Date(parts.clock.now().getTime() - 3 * HOUR_MS),
        notAfter: new Date(parts.clock.now().getTime() + 60 * DAY_MS),
      });
      parts.clock.advance(days * DAY_MS);
      const next = await rotateIfDue(soon, parts);
      assert.equal(next?.peerCertificate.isOfEstablished, isOld, `${days}`);
      assert.equal(isEstablished(next.peerCertificate, parts.clock.now()), isOld);
    }
  });

  it('stays so when it registers again, if it was met in the weeks around', async () => {
    for (const daysLeft of [97, 90, 77]) {
      setting = await opened();
      const first = await register(setting);
      pass(180 - daysLeft);
      setting.notes.met(first);
      const next = await register(setting);
      assert.ok(next.isOfEstablished, `${daysLeft}`);
      assert.ok(isEstablished(next, setting.clock.now()));
    }
  });

  it('stays so from one renewal to the next', async () => {
    let certificate = await register(setting);
    for (let renewals = 0; renewals < 4; renewals++) {
      await setting.identity.renewIfDue();
      const dueMs = certificate.notAfter.getTime() - 90 * DAY_MS;
      setting.clock.advance(dueMs - setting.clock.now().getTime() + HOUR_MS);
      await setting.identity.renewIfDue();
      setting.notes.met(certificate);
      certificate = await register(setting);
      assert.ok(certificate.isOfEstablished, `${renewals}`);
    }
  });

  it('is new again if it was last met long before, or comes long after', async () => {
    const first = await register(setting);
    pass(80);
    setting.notes.met(first);
    assert.equal(setting.records.writes, 0);
    pass(10);
    setting.notes.met(first);
    pass(15);
    assert.ok(!(await register(setting)).isOfEstablished);
    setting.notes.met(first);
    assert.ok(!(await register(setting)).isOfEstablished);
  });

  it('is new to whom another was met, and while it is new', async () => {
    const other = await issueToPeer({ key: keyCalled('other').spki, isEstablished: true }, setting);
    pass(85);
    setting.notes.met(other.peerCertificate);
    const first = await register(setting);
    assert.ok(!first.isOfEstablished);
    setting.notes.met(first);
    assert.ok(!(await register(setting)).isOfEstablished);
  });
});

describe('A phone, where newcomers may not just register,', () => {
  it('is known from when it is met until 180 days after its certificate ended', async () => {
    const setting = await opened();
    const notes = new RenewalNotes({ ...setting, notesKnown: true });
    const certificate = await register(setting);
    assert.ok(!(await notes.isKnown(phone.nodeId)));
    notes.met(certificate);
    notes.met(certificate);
    assert.equal(setting.records.writes, 1);
    assert.ok(await notes.isKnown(phone.nodeId));
    const all = await Array.fromAsync(setting.records.list({ name: 'renewal-note' }, ''));
    assert.ok(!JSON.stringify(all).includes(phone.nodeId.slice(1)));

    const endsAtMs = certificate.notAfter.getTime() + 180 * DAY_MS;
    setting.clock.advance(endsAtMs - setting.clock.now().getTime() - 1);
    assert.ok(await notes.isKnown(phone.nodeId));
    setting.clock.advance(1);
    assert.ok(!(await notes.isKnown(phone.nodeId)));
  });

  it('is known from its registration on, for as long', async () => {
    const setting = await opened();
    await setting.notes.remember(phone.nodeId);
    setting.clock.advance(360 * DAY_MS - 1);
    assert.ok(await setting.notes.isKnown(phone.nodeId));
    setting.clock.advance(1);
    assert.ok(!(await setting.notes.isKnown(phone.nodeId)));
  });

  it('is not taken for a stranger while the store is away', async () => {
    const { notes, records } = await opened();
    records.mood = 'down';
    await assert.rejects(notes.isKnown(phone.nodeId), BackingUnavailableError);
  });
});

describe('A note of a renewal', () => {
  async function due() {
    const setting = await opened();
    const certificate = await register(setting);
    setting.clock.advance(85 * DAY_MS);
    return { ...setting, certificate };
  }

  it('is written once, and does not name the phone', async () => {
    const { notes, records, certificate } = await due();
    notes.met(certificate);
    notes.met(certificate);
    assert.equal(records.writes, 1);
    await new Promise(setImmediate);
    const all = await Array.fromAsync(records.list({ name: 'renewal-note' }, ''));
    assert.equal(all.length, 1);
    assert.ok(!JSON.stringify(all).includes(phone.nodeId.slice(1)));
  });

  it('is tried again a minute later if it could not be written', async () => {
    const { clock, notes, records, certificate } = await due();
    records.mood = 'down';
    notes.met(certificate);
    await new Promise(setImmediate);
    notes.met(certificate);
    assert.equal(records.writes, 1);
    records.mood = 'well';
    clock.advance(60_000);
    notes.met(certificate);
    assert.ok(await notes.isEstablished(phone.nodeId));
  });

  it('is not written by a clock in doubt', async () => {
    const { notes, records, plausibility, certificate } = await due();
    plausibility.doubt = 'it jumped';
    notes.met(certificate);
    assert.equal(records.writes, 0);
  });

  it('is done without if the store is away or silent', async () => {
    const { clock, notes, records, certificate } = await due();
    notes.met(certificate);
    records.mood = 'down';
    assert.equal(await notes.isEstablished(phone.nodeId), false);
    records.mood = 'silent';
    const asked = notes.isEstablished(phone.nodeId);
    clock.advance(500);
    assert.equal(await asked, false);
  });
});
