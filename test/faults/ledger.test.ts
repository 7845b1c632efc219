import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Ledger } from './ledger.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const LATER = new Date('2026-03-02T12:00:00Z');
const BY = { by: 'WebSocket' } as const;
const EARLIER = new Date('2026-02-28T12:00:00Z');

describe('the ledger of a run', () => {
  let ledger: Ledger;

  beforeEach(() => {
    ledger = new Ledger();
  });

  function accepted(id: string, { expiresAt = LATER } = {}): void {
    ledger.offer({ id, road: 'road', recipient: 'Alice', expiresAt, storedAs: [`key of ${id}`] });
    ledger.accept(id);
  }

  const balance = (...stored: readonly string[]) =>
    ledger.balance({ now: NOW, stored: new Set(stored) });

  it('closes when each parcel was handed over, has expired or is stored', () => {
    accepted('collected');
    ledger.handOver('collected', 'Alice', BY);
    accepted('expired', { expiresAt: EARLIER });
    accepted('stored');
    assert.deepEqual(balance('key of stored', 'key of another'), {
      accepted: 3,
      handedOver: 1,
      expired: 1,
      stored: 1,
      missing: [],
      misdelivered: [],
    });
  });

  it('names a parcel that was accepted and is nowhere', () => {
    accepted('lost');
    accepted('stored');
    assert.deepEqual(balance('key of stored').missing, ['lost']);
  });

  it('names a parcel that somebody got whom it was not for, and does not take it for handed over', () => {
    accepted('secret');
    ledger.handOver('secret', 'Mallory', BY);
    const { misdelivered, missing } = balance();
    assert.deepEqual(misdelivered, [{ id: 'secret', to: 'Mallory', recipient: 'Alice' }]);
    assert.deepEqual(missing, ['secret']);
  });

  it('names a parcel that nobody ever offered', () => {
    ledger.handOver('made up', 'Alice', BY);
    assert.deepEqual(balance().misdelivered, [{ id: 'made up', to: 'Alice', recipient: null }]);
    assert.throws(() => ledger.accept('made up'), /never offered/);
  });

  it('misses nothing that was refused, or handed over before its sender was told', () => {
    const offer = { road: 'road', recipient: 'Alice', expiresAt: LATER, storedAs: [] };
    ledger.offer({ id: 'refused', ...offer });
    ledger.offer({ id: 'fast', ...offer });
    ledger.handOver('fast', 'Alice', BY);
    ledger.accept('fast');
    const { accepted, handedOver, missing } = balance();
    assert.deepEqual(
      { accepted, handedOver, missing },
      { accepted: 1, handedOver: 1, missing: [] },
    );
  });

  it('counts what is handed over again, and what is accepted again once', () => {
    accepted('twice');
    ledger.accept('twice');
    ledger.handOver('twice', 'Alice', BY);
    ledger.handOver('twice', 'Alice', BY);
    assert.deepEqual([balance().accepted, ledger.repeats.length], [1, 1]);
  });

  it('knows whether what was offered since some time has arrived', () => {
    accepted('one');
    assert.equal(ledger.hasArrivedSince('road', 0), false);
    ledger.handOver('one', 'Alice', BY);
    assert.equal(ledger.hasArrivedSince('road', 0), true);
    assert.equal(ledger.hasArrivedSince('road', performance.now() + 1), false);
    assert.equal(ledger.hasMovedSince('road', 0), true);
    assert.equal(ledger.hasMovedSince('road', performance.now() + 1), false);
    assert.equal(ledger.hasArrivedSince('another road', 0), false);
  });
});
