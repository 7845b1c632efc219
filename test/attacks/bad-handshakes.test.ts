import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, signNonce, validAround } from '#test/builders/peers.ts';
import { GatewayUnderTest, START } from '#test/end-to-end/support/gateway-under-test.ts';
import { Collector } from '#test/peers/collector.ts';
import { until } from '#test/runtime/until.ts';
import { ATTACKERS_NETWORK, HONEST_NETWORK } from './attacker.ts';

/** After which answers come later. */
const ANSWERED_AT_ONCE = 200;
const LATE = 8;
const LONGEST_PAUSE_MS = 20_000;
/** Less than a peer may be silent. */
const STEP_MS = 500;
const VISITS = 10;

describe('While somebody comes with bad handshakes again and again', () => {
  let gateway: GatewayUnderTest;
  let phone: Peer;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    phone = await privateGateway('phone', gateway.us, validAround(START));
    for (let count = 0; count < ANSWERED_AT_ONCE; count++) {
      assert.equal((await (await badHandshake()).closed).code, 1003);
    }
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(() => until(() => gateway.running.collection.collectors === 0));

  /** The signature is of another nonce. */
  async function badHandshake(): Promise<Collector> {
    const collector = new Collector(gateway.poweb, { localAddress: ATTACKERS_NETWORK });
    await collector.challenge();
    collector.respond([await signNonce(Buffer.alloc(32), phone)]);
    return collector;
  }

  /** How long until it is answered, of time that passes while it shows signs of life. */
  async function answeredAfterMs(collector: Collector): Promise<number> {
    const answer = { hasCome: false };
    void collector.closed.then(({ code }) => {
      assert.equal(code, 1003);
      answer.hasCome = true;
    });
    await collector.roundTrip();
    for (let passedMs = 0; ; passedMs += STEP_MS) {
      await Promise.race([collector.roundTrip().catch(() => {}), collector.closed]);
      if (answer.hasCome) {
        return passedMs;
      }
      gateway.clock.advance(STEP_MS);
    }
  }

  it('it is answered ever later, up to 20 s', async () => {
    const pausesMs: number[] = [];
    for (let count = 0; count < LATE; count++) {
      pausesMs.push(await answeredAfterMs(await badHandshake()));
    }
    assert.deepEqual(
      pausesMs,
      pausesMs.toSorted((a, b) => a - b),
    );
    assert.ok((pausesMs[0] ?? 0) >= 1_000, String(pausesMs));
    assert.ok((pausesMs.at(-1) ?? 0) >= LONGEST_PAUSE_MS, String(pausesMs));
  });

  for (const [where, network] of [
    ['other networks', HONEST_NETWORK],
    ['its own network', ATTACKERS_NETWORK],
  ] as const) {
    it(`phones in ${where} collect at once`, async () => {
      for (let visit = 0; visit < VISITS; visit++) {
        await gateway.hold(phone);
        using collector = await Collector.open(gateway.poweb, [phone], { localAddress: network });
        collector.acknowledge(await collector.next());
        await collector.roundTrip();
      }
    });
  }
});
