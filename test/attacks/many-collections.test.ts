import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { GatewayUnderTest, START } from '#test/end-to-end/support/gateway-under-test.ts';
import { Collector } from '#test/peers/collector.ts';
import { until } from '#test/runtime/until.ts';
import { ATTACKERS_NETWORK, HONEST_NETWORK } from './attacker.ts';

const PLACES = 20;
const WAITING = 10;
/** Connections with which somebody tries to take them all. */
const CROWD = 60;
const PHONES = 8;
const DAY_MS = 86_400_000;

describe('While somebody takes all places for collections', () => {
  let gateway: GatewayUnderTest;
  let phones: readonly Peer[];
  let attackers: readonly Peer[];
  let crowd: Collector[] = [];
  let isAttacking = false;

  before(async () => {
    gateway = await GatewayUnderTest.start(
      {},
      { MAX_COLLECTORS: String(PLACES), MAX_WAITING_COLLECTORS: String(WAITING) },
    );
    phones = await gateways('phone', PHONES);
    attackers = await gateways('attacker', CROWD);
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(async () => {
    isAttacking = false;
    for (const collector of crowd) {
      collector[Symbol.dispose]();
    }
    crowd = [];
    await until(() => gateway.running.collection.collectors === 0);
    assert.deepEqual(gateway.loggedAt('error'), []);
  });

  function gateways(
    name: string,
    count: number,
    validity = validAround(START),
  ): Promise<readonly Peer[]> {
    const names = Array.from({ length: count }, (_, index) => `${name} ${index}`);
    return Promise.all(names.map((each) => privateGateway(each, gateway.us, validity)));
  }

  /**
   * Holds as many connections as it can, each of which is opened again when it is closed.
   *
   * @param keys - one for each, by turns; without any, they never say who they are
   */
  async function attack(network: string, keys: readonly Peer[]): Promise<void> {
    isAttacking = true;
    await Promise.all(
      Array.from({ length: CROWD }, async (_, index) => {
        const key = keys[index % keys.length];
        await attackOnce(network, key);
        void attackOn(network, key);
      }),
    );
  }

  async function attackOn(network: string, key: Peer | undefined): Promise<void> {
    while (isAttacking) {
      const { closed } = await attackOnce(network, key);
      await closed;
    }
  }

  async function attackOnce(network: string, key: Peer | undefined): Promise<Collector> {
    const collector = new Collector(gateway.poweb, { localAddress: network });
    crowd.push(collector);
    await Promise.race([answer(collector, key), collector.closed]);
    return collector;
  }

  async function answer(collector: Collector, key: Peer | undefined): Promise<void> {
    try {
      await (key ? collector.prove([key]) : collector.challenge());
      await collector.roundTrip();
    } catch {
      // It was sent away.
    }
  }

  /** How many of the phones get a parcel, each on its first connection, and then stay connected. */
  async function served(network: string, those = phones): Promise<number> {
    const collectors: Collector[] = [];
    let count = 0;
    for (const phone of those) {
      await gateway.hold(phone);
      const collector = new Collector(gateway.poweb, { localAddress: network });
      collectors.push(collector);
      count += (await getsParcel(collector, phone)) ? 1 : 0;
    }
    const stayed = collectors.filter(({ isOpen }) => isOpen).length;
    for (const collector of collectors) {
      collector[Symbol.dispose]();
    }
    return Math.min(count, stayed);
  }

  async function getsParcel(collector: Collector, phone: Peer): Promise<boolean> {
    const getting = async () => {
      await collector.prove([phone]);
      collector.acknowledge(await collector.next());
      await collector.roundTrip();
      return true;
    };
    return Promise.race([getting().catch(() => false), collector.closed.then(() => false)]);
  }

  it('with one key, all phones in other networks collect', async () => {
    await attack(ATTACKERS_NETWORK, attackers.slice(0, 1));
    assert.equal(await served(HONEST_NETWORK), PHONES);
  });

  it('with one key, all other phones in its network collect', async () => {
    await attack(HONEST_NETWORK, attackers.slice(0, 1));
    assert.equal(await served(HONEST_NETWORK), PHONES);
  });

  it('with many keys, all phones in other networks collect', async () => {
    await attack(ATTACKERS_NETWORK, attackers.slice(0, 5));
    assert.equal(await served(HONEST_NETWORK), PHONES);
  });

  it('with a key for each place, all established phones in its network collect', async () => {
    const { notAfter } = validAround(START);
    const aMonthAgo = { notBefore: new Date(START.getTime() - 30 * DAY_MS), notAfter };
    const established = await gateways('established phone', PHONES, aMonthAgo);
    await attack(HONEST_NETWORK, attackers);
    assert.equal(await served(HONEST_NETWORK, established), PHONES);
  });

  it('without saying who it is, all phones in other networks collect', async () => {
    await attack(ATTACKERS_NETWORK, []);
    assert.equal(await served(HONEST_NETWORK), PHONES);
  });

  it('without saying who it is, phones in its own network collect', async () => {
    await attack(HONEST_NETWORK, []);
    assert.equal(await served(HONEST_NETWORK), PHONES);
  });

  it('a phone that collects already is not disturbed', async () => {
    const [phone] = phones;
    assert.ok(phone);
    using collector = await Collector.open(gateway.poweb, [phone], {
      localAddress: HONEST_NETWORK,
    });
    await collector.roundTrip();
    await attack(ATTACKERS_NETWORK, attackers.slice(0, 5));
    await gateway.hold(phone);
    collector.acknowledge(await collector.next());
    await collector.roundTrip();
  });

  it('a phone that comes again takes the place of its own older connection', async () => {
    const [phone] = phones;
    assert.ok(phone);
    await attack(ATTACKERS_NETWORK, attackers.slice(0, 5));
    const collectors: Collector[] = [];
    for (let count = 0; count < PLACES; count++) {
      const collector = await Collector.open(gateway.poweb, [phone], {
        localAddress: HONEST_NETWORK,
      });
      collectors.push(collector);
      await collector.roundTrip();
    }
    assert.equal((await collectors[0]?.closed)?.code, 4000);
    await gateway.hold(phone);
    const latest = collectors.at(-1);
    assert.ok(latest);
    latest.acknowledge(await latest.next());
    for (const collector of collectors) {
      collector[Symbol.dispose]();
    }
  });
});
