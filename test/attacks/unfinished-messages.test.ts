import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { GatewayUnderTest, START } from '#test/end-to-end/support/gateway-under-test.ts';
import { Collector } from '#test/peers/collector.ts';
import { frameHeader } from '#test/peers/frame-header.ts';
import { until } from '#test/runtime/until.ts';
import { ATTACKERS_NETWORK, HONEST_NETWORK } from './attacker.ts';

const KIB = 1_024;
const MIB = 1_024 * KIB;
/** With 500 KiB each, more than all may hold. */
const CROWD = 160;
const VISITS = 20;

describe('While somebody begins messages of 500 KiB and does not end them', () => {
  let gateway: GatewayUnderTest;
  let phone: Peer;
  let attacker: Peer;
  let crowd: Collector[] = [];

  before(async () => {
    gateway = await GatewayUnderTest.start();
    phone = await privateGateway('phone', gateway.us, validAround(START));
    attacker = await privateGateway('attacker', gateway.us, validAround(START));
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(async () => {
    for (const collector of crowd) {
      collector[Symbol.dispose]();
    }
    crowd = [];
    await until(() => gateway.running.collection.collectors === 0);
    assert.equal(gateway.running.collection.heldOctets, 0);
  });

  async function begin(network: string, isKnown: boolean): Promise<void> {
    crowd = Array.from(
      { length: CROWD },
      () => new Collector(gateway.poweb, { localAddress: network }),
    );
    await Promise.all(
      crowd.map(async (collector) => {
        if (isKnown) {
          await collector.prove([attacker]);
          await collector.roundTrip();
        } else {
          await collector.challenge();
        }
        collector.sendRaw(frameHeader('binary', 512 * KIB));
        collector.sendRaw(Buffer.alloc(500 * KIB));
      }),
    );
  }

  async function visits(network: string): Promise<number> {
    let served = 0;
    for (let visit = 0; visit < VISITS; visit++) {
      await gateway.hold(phone);
      using collector = new Collector(gateway.poweb, { localAddress: network });
      const collecting = async () => {
        await collector.prove([phone]);
        collector.acknowledge(await collector.next());
        await collector.roundTrip();
        return 1;
      };
      served += await Promise.race([collecting(), collector.closed.then(() => 0)]).catch(() => 0);
    }
    return served;
  }

  for (const [where, network] of [
    ['another', HONEST_NETWORK],
    ['the same', ATTACKERS_NETWORK],
  ] as const) {
    it(`as a stranger, a phone in ${where} network collects`, async () => {
      await begin(ATTACKERS_NETWORK, false);
      await until(() => gateway.running.collection.heldOctets > 50 * MIB);
      assert.equal(await visits(network), VISITS);
      assert.ok(gateway.running.collection.heldOctets <= 64 * MIB);
    });
  }

  it('as a phone, it is sent away, and holds nothing', async () => {
    await begin(ATTACKERS_NETWORK, true);
    assert.equal(await visits(HONEST_NETWORK), VISITS);
    gateway.clock.advance(5_000);
    await Promise.all(crowd.map(({ closed }) => closed));
    assert.equal(gateway.running.collection.heldOctets, 0);
  });
});
