import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { ConfirmedFlow } from './confirmed-flow.ts';

const KIB = 1024;
const MANY = 64 * KIB;

/** A flow whose pings are kept, to be answered when a test likes. */
class Link {
  readonly clock = new ManualClock();
  readonly gone = new AbortController();
  readonly pings: Uint8Array[] = [];
  readonly flow = new ConfirmedFlow({
    clock: this.clock,
    pings: { send: (payload) => void this.pings.push(Uint8Array.from(payload)) },
  });

  /** Sends all that there is room for. */
  fill(): number {
    let filled = 0;
    for (let octets = this.flow.room(MANY); octets > 0; octets = this.flow.room(MANY)) {
      this.flow.sent(octets, null);
      filled += octets;
    }
    return filled;
  }

  /** The peer answers the latest ping alone, so much later. */
  answerLatest(afterMs: number): void {
    this.clock.advance(afterMs);
    const latest = this.pings.splice(0).at(-1);
    assert.ok(latest, 'no ping was sent');
    this.flow.onPong(latest);
  }
}

describe('A confirmed flow', () => {
  it('lets 16 KiB go at first, and nothing more until something is confirmed', () => {
    const link = new Link();
    assert.equal(link.fill(), 16 * KIB);
    link.clock.advance(60_000);
    assert.equal(link.fill(), 0);
  });

  it('lets twice as much go after each quick pong, up to 8 MiB', () => {
    const link = new Link();
    const filled = Array.from({ length: 11 }, () => {
      const octets = link.fill();
      link.answerLatest(20);
      return octets / KIB;
    });
    assert.deepEqual(filled, [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 8192]);
  });

  it('lets no more go than a slow link carries in a second', () => {
    const link = new Link();
    link.flow.ping();
    link.answerLatest(20);
    link.fill();
    link.answerLatest(1_600);
    assert.equal(link.fill(), 10 * KIB);
  });

  it('lets as much go as a long link carries in three round trips, within 2.5 s', () => {
    for (const [roundTripMs, delayMs] of [
      [500, 1_500],
      [800, 2_400],
      [1_000, 2_500],
    ] as const) {
      const link = new Link();
      link.flow.ping();
      link.answerLatest(roundTripMs);
      link.fill();
      link.answerLatest(2 * delayMs);
      assert.equal(link.fill(), 8 * KIB);
    }
  });

  it('goes on with 4 KiB, however slow confirmations are', () => {
    const link = new Link();
    link.fill();
    link.answerLatest(3_600_000);
    assert.equal(link.fill(), 4 * KIB);
  });

  it('does not take the slowness of an idle peer for that of the link', () => {
    const link = new Link();
    link.flow.sent(KIB, null);
    link.flow.ping();
    link.answerLatest(4_000);
    assert.equal(link.fill(), 16 * KIB);
  });

  it('forgets what it knew of the link after a pause', () => {
    const link = new Link();
    link.fill();
    link.answerLatest(20);
    link.clock.advance(4_000);
    assert.equal(link.flow.room(20 * KIB), 20 * KIB);
    link.clock.advance(1_000);
    assert.equal(link.fill(), 16 * KIB);
  });

  it('needs no ping for small deliveries that are acknowledged', () => {
    const link = new Link();
    for (let delivery = 0; delivery < 1_000; delivery++) {
      assert.equal(link.flow.room(KIB), KIB);
      link.flow.sent(KIB, String(delivery));
      link.flow.onAcknowledged(String(delivery - 4));
    }
    assert.equal(link.pings.length, 0);
  });

  it('pings behind what nothing would confirm before it lets anybody wait', () => {
    const link = new Link();
    link.flow.sent(7 * KIB, null);
    assert.equal(link.pings.length, 0);
    link.fill();
    link.answerLatest(20);
    assert.ok(link.fill() > 16 * KIB);
  });

  it('takes an acknowledgement as a confirmation of all that was sent before', () => {
    const link = new Link();
    link.flow.sent(8 * KIB, 'first');
    link.flow.sent(8 * KIB, 'second');
    assert.equal(link.flow.room(MANY), 0);
    link.flow.onAcknowledged('second');
    link.flow.onAcknowledged('first');
    assert.equal(link.fill(), 16 * KIB);
  });

  it('takes pongs that answer none of its pings as no confirmation', () => {
    const link = new Link();
    link.fill();
    for (const payload of [
      Buffer.alloc(0),
      Buffer.from('pong'),
      Buffer.alloc(4),
      Buffer.alloc(125),
    ]) {
      link.flow.onPong(payload);
    }
    link.flow.onAcknowledged('no such delivery');
    assert.equal(link.fill(), 0);
  });

  it('keeps no more than 64 pings of a peer that answers none', () => {
    const link = new Link();
    for (let ping = 0; ping < 65; ping++) {
      link.flow.ping();
    }
    link.fill();
    const [first] = link.pings;
    assert.ok(first);
    link.flow.onPong(first);
    assert.equal(link.fill(), 0);
    link.answerLatest(20);
    assert.ok(link.fill() > 0);
  });

  it('wakes whoever waits for room when something is confirmed, and when the connection ends', async () => {
    const link = new Link();
    link.fill();
    const confirmed = link.flow.change(link.gone.signal);
    link.answerLatest(20);
    await confirmed;
    const ended = link.flow.change(link.gone.signal);
    link.gone.abort();
    await ended;
  });
});
