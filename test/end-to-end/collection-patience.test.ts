import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, signNonce, validAround } from '#test/builders/peers.ts';
import { Collector, refusedUpgrade } from '#test/peers/collector.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { Neighbours } from './support/neighbours.ts';

const MIB = 1024 * 1024;
const WINDOW = 5;

describe('Parcel collection: what a collector fails to do', () => {
  let gateway: GatewayUnderTest;
  let phone: Peer;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    phone = await privateGateway('phone', gateway.us, validAround(START));
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(async () => {
    await until(() => gateway.running.collection.collectors === 0);
    using collector = await Collector.open(gateway.poweb, [phone], {
      headers: { 'x-awala-streaming-mode': 'close-upon-completion' },
    });
    collector.acknowledgeAll();
    assert.equal((await collector.closed).code, 1000);
    assert.deepEqual(gateway.loggedAt('error'), []);
  });

  async function amidNeighbours(work: (neighbours: Neighbours) => Promise<void>): Promise<void> {
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: await gateway.road('neighbour'),
    });
    await work(neighbours);
    await neighbours.finish();
  }

  async function hold(count: number, octets = 100): Promise<void> {
    for (let held = 0; held < count; held++) {
      await gateway.hold(phone, { octets });
    }
  }

  it('one that acknowledges nothing gets a window of deliveries, and 4000 after 5 min', () =>
    amidNeighbours(async (neighbours) => {
      await hold(2 * WINDOW);
      using collector = await Collector.open(gateway.poweb, [phone]);
      for (let delivery = 0; delivery < WINDOW; delivery++) {
        await collector.next();
      }
      await gateway.pass(299, async () => {
        await Promise.all([neighbours.goOn(), collector.roundTrip()]);
      });
      assert.equal(collector.waiting, 0);
      await gateway.pass(1, () => neighbours.goOn());
      assert.equal((await collector.closed).code, 4000);
      assert.equal(await gateway.heldFor(phone), 2 * WINDOW);
    }));

  it('one without User-Agent that acknowledges nothing gets one delivery, and 1000', () =>
    amidNeighbours(async (neighbours) => {
      await hold(2);
      using collector = await Collector.open(gateway.poweb, [phone], { hasUserAgent: false });
      await collector.next();
      await gateway.pass(299, async () => {
        await Promise.all([neighbours.goOn(), collector.roundTrip()]);
      });
      await gateway.pass(1, () => neighbours.goOn());
      assert.equal((await collector.closed).code, 1000);
      assert.equal(collector.waiting, 0);
    }));

  it('one that is silent for 9 s is dropped, and others who are not are kept', () =>
    amidNeighbours(async (neighbours) => {
      using silent = await Collector.open(gateway.poweb, [phone], { answersPings: false });
      await hold(1);
      await silent.next();
      await gateway.pass(8, () => neighbours.goOn());
      assert.equal(gateway.running.collection.collectors, 2);
      await gateway.pass(2, () => neighbours.goOn());
      assert.equal((await silent.closed).code, 1006);
      assert.equal(await gateway.heldFor(phone), 1);
    }));

  it('one that is silent during the handshake is dropped after 9 s', () =>
    amidNeighbours(async (neighbours) => {
      using silent = new Collector(gateway.poweb, { answersPings: false });
      await silent.challenge();
      await gateway.pass(10, () => neighbours.goOn());
      assert.equal((await silent.closed).code, 1006);
    }));

  it('one that vanishes amid a delivery leaves nothing but its parcels', () =>
    amidNeighbours(async () => {
      await hold(3, 4 * MIB);
      using collector = await Collector.open(gateway.poweb, [phone]);
      await collector.firstOctets();
      collector.vanish();
      await until(() => gateway.running.collection.collectors === 1);
      assert.equal(await gateway.heldFor(phone), 3);
    }));

  it('one that confirms nothing is not sent more than 16 KiB of its parcels', () =>
    amidNeighbours(async (neighbours) => {
      await hold(WINDOW, 10_000);
      using silent = await Collector.open(gateway.poweb, [phone], { answersPings: false });
      await silent.firstOctets();
      await until(() => silent.octetsRead > 14_000);
      for (let second = 0; second < 5; second++) {
        await silent.roundTrip();
        await gateway.pass(1, () => neighbours.goOn());
      }
      assert.ok(silent.octetsRead < 18 * 1024, `${silent.octetsRead} octets`);
    }));

  it('one that stops reading amid deliveries is dropped, however much the network has taken', () =>
    amidNeighbours(async (neighbours) => {
      await hold(3, 8 * MIB);
      using stuck = await Collector.open(gateway.poweb, [phone]);
      await stuck.firstOctets();
      stuck.stopReading();
      await gateway.pass(10, () => neighbours.goOn());
      await until(() => gateway.running.collection.collectors === 1);
      assert.equal(await gateway.heldFor(phone), 3);
    }));

  it('one that stops reading but goes on pinging is dropped as well', () =>
    amidNeighbours(async (neighbours) => {
      await hold(3, 8 * MIB);
      using stuck = await Collector.open(gateway.poweb, [phone]);
      await stuck.firstOctets();
      stuck.stopReading();
      let second = 0;
      await gateway.pass(130, async () => {
        if (second++ % 5 === 0) {
          stuck.socket.ping();
        }
        await neighbours.goOn();
      });
      await until(() => gateway.running.collection.collectors === 1);
      assert.equal(await gateway.heldFor(phone), 3);
    }));

  it('one that reads slowly gets all, for as long as it takes', () =>
    amidNeighbours(async (neighbours) => {
      await hold(1, 8 * MIB);
      using slow = await Collector.open(gateway.poweb, [phone]);
      await slow.firstOctets();
      slow.stopReading();
      await gateway.pass(60, async () => {
        await slow.readSome();
        await neighbours.goOn();
      });
      slow.goOnReading();
      slow.acknowledge(await slow.next());
      await slow.roundTrip();
    }));
});

describe('Parcel collection: how many may collect', () => {
  let gateway: GatewayUnderTest;
  let phones: readonly Peer[];
  let phone: Peer;

  before(async () => {
    gateway = await GatewayUnderTest.start(
      {},
      { MAX_COLLECTORS: '1', MAX_WAITING_COLLECTORS: '2' },
    );
    phones = await Promise.all(
      ['phone', 'second', 'third', 'fourth'].map((name) =>
        privateGateway(name, gateway.us, validAround(START)),
      ),
    );
    phone = phoneAt(0);
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(() => until(() => gateway.running.collection.collectors === 0));

  function phoneAt(index: number): Peer {
    const peer = phones[index];
    assert.ok(peer);
    return peer;
  }

  /** One that has shaken hands, and collects or waits. */
  async function open(peer = phone): Promise<Collector> {
    const before = known();
    const collector = await Collector.open(gateway.poweb, [peer]);
    await until(() => known() > before);
    return collector;
  }

  /** Those who began to collect until now, and those who wait. */
  function known(): number {
    const begun = gateway.logged.filter((line) => JSON.parse(line).message === 'Collecting');
    return begun.length + gateway.running.collection.waiting;
  }

  it('one too many shakes hands and waits, until another has gone', async () => {
    using first = await open();
    using second = await open(phoneAt(1));
    using third = await open(phoneAt(2));
    assert.equal(gateway.running.collection.waiting, 2);
    first.socket.close();
    await until(() => gateway.running.collection.waiting === 1);
    await gateway.hold(phoneAt(1));
    second.acknowledge(await second.next());
    await second.roundTrip();
    await third.roundTrip();
    assert.equal(third.waiting, 0);
  });

  it('one that waits in vain is told to come back after 30 s', async () => {
    using first = await open();
    using second = await open(phoneAt(1));
    await gateway.pass(29, async () => {
      await Promise.all([first.roundTrip(), second.roundTrip()]);
    });
    gateway.clock.advance(1_000);
    assert.equal((await second.closed).code, 4000);
    await until(() => gateway.running.collection.waiting === 0);
    first.socket.close();
  });

  it('one that waits can leave, and its room is another’s', async () => {
    using first = await open();
    using second = await open(phoneAt(1));
    using third = await open(phoneAt(2));
    second.vanish();
    await until(() => gateway.running.collection.waiting === 1);
    using fourth = await open(phoneAt(3));
    first.socket.close();
    await until(() => gateway.running.collection.waiting === 1);
    await gateway.hold(phoneAt(2));
    third.acknowledge(await third.next());
    await third.roundTrip();
    assert.equal(fourth.waiting, 0);
  });

  it('one that waits is refused nevertheless if it cannot say who it is', async () => {
    using first = await open();
    using stranger = new Collector(gateway.poweb);
    await stranger.challenge();
    stranger.respond([]);
    assert.equal((await stranger.closed).code, 1003);
    first.socket.close();
  });

  it('one that collects only what there is gets its turn even while the process drains', async () => {
    using first = await open();
    using second = await open(phoneAt(1));
    using brief = await Collector.open(gateway.poweb, [phoneAt(2)], {
      headers: { 'x-awala-streaming-mode': 'close-upon-completion' },
    });
    await until(() => gateway.running.collection.waiting === 2);
    gateway.running.collection.hold();
    await Promise.all([gateway.hold(phone), gateway.hold(phoneAt(2))]);
    await first.next();
    first.socket.close();
    brief.acknowledge(await brief.next());
    assert.equal((await brief.closed).code, 1000);
    await second.roundTrip();
    assert.equal(second.waiting, 0);
    gateway.running.collection.resume();
  });

  it('strangers who never say who they are hold neither a place nor room to wait', async () => {
    const strangers = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const stranger = new Collector(gateway.poweb);
        await stranger.challenge();
        return stranger;
      }),
    );
    assert.equal(gateway.running.collection.waiting, 0);
    using first = await open();
    await gateway.hold(phone);
    first.acknowledge(await first.next());
    using second = await open(phoneAt(1));
    using third = await open(phoneAt(2));
    const codes = strangers.map(async ({ closed }) => (await closed).code);
    // Without a code, after which Android comes back.
    assert.deepEqual(await Promise.all(codes), [1006, 1006, 1006]);
    for (const collector of [first, second, third]) {
      await collector.roundTrip();
    }
  });

  it('the stranger that came first makes room, and others may still say who they are', async () => {
    using first = await open();
    using oldest = new Collector(gateway.poweb);
    await oldest.challenge();
    using late = new Collector(gateway.poweb);
    const nonce = await late.challenge();
    using third = await open(phoneAt(2));
    assert.equal((await oldest.closed).code, 1006);
    late.respond([await signNonce(nonce, phoneAt(1))]);
    await until(() => gateway.running.collection.waiting === 2);
    await late.roundTrip();
    await third.roundTrip();
    first.socket.close();
    await gateway.hold(phoneAt(2));
    third.acknowledge(await third.next());
    await third.roundTrip();
  });

  it('of two that wait, one makes room for a stranger of its network, and can come back', async () => {
    using _first = await open();
    using second = await open(phoneAt(1));
    using third = await open(phoneAt(2));
    using stranger = new Collector(gateway.poweb);
    await stranger.challenge();
    assert.equal((await second.closed).code, 4000);
    await third.roundTrip();
  });

  it('where nobody else finds room to wait: no code, from which Android comes back, or 503', async () => {
    using first = await open();
    const from = (localAddress: string, who: Peer) =>
      Collector.open(gateway.poweb, [who], { localAddress });
    using second = await from('127.0.0.3', phoneAt(1));
    using third = await from('127.0.0.4', phoneAt(2));
    await until(() => gateway.running.collection.waiting === 2);
    using android = new Collector(gateway.poweb);
    assert.equal((await android.closed).code, 1006);
    assert.equal(await refusedUpgrade(gateway.poweb, { hasUserAgent: false }), 503);
    for (const collector of [first, second, third]) {
      await collector.roundTrip();
    }
  });
});
