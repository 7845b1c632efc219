import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { GatewayUnderTest, START } from '#test/end-to-end/support/gateway-under-test.ts';
import { Collector } from '#test/peers/collector.ts';
import { until } from '#test/runtime/until.ts';
import { ATTACKERS_NETWORK, HONEST_NETWORK } from './attacker.ts';

const MIB = 1_024 * 1_024;
/** Memory for what is collected: three parcels of the attacker's, as a quarter is for small ones. */
const BUFFER_MIB = 16;
const READERS = 12;
const VISITS = 10;
/** What an honest phone may wait for a parcel, of time that passes a tenth of a second at a time. */
const PATIENCE_MS = 8_000;
const STEP_MS = 100;

describe('While somebody reads nothing of large parcels, and sends pongs', () => {
  let gateway: GatewayUnderTest;
  let phones: readonly Peer[];
  let attacker: Peer;
  let readers: Collector[] = [];
  let isAttacking = false;

  before(async () => {
    gateway = await GatewayUnderTest.start({}, { COLLECTION_BUFFER: `${BUFFER_MIB}MiB` });
    const gateways = Array.from({ length: VISITS }, (_, index) =>
      privateGateway(`phone ${index}`, gateway.us, validAround(START)),
    );
    phones = await Promise.all(gateways);
    attacker = await privateGateway('attacker', gateway.us, validAround(START));
    await gateway.hold(attacker, { octets: 4 * MIB });
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(async () => {
    isAttacking = false;
    for (const reader of readers) {
      reader[Symbol.dispose]();
    }
    readers = [];
    await until(() => gateway.running.collection.collectors === 0);
    assert.deepEqual(gateway.loggedAt('error'), []);
  });

  async function attackOnce(network: string): Promise<Collector> {
    const reader = new Collector(gateway.poweb, { localAddress: network });
    readers.push(reader);
    try {
      await reader.prove([attacker]);
      await reader.roundTrip();
      reader.stopReading();
    } catch {
      // It was dropped at once.
    }
    return reader;
  }

  /** Each reader that is dropped comes again. */
  async function attack(network: string): Promise<void> {
    isAttacking = true;
    await Promise.all(
      Array.from({ length: READERS }, async () => {
        const first = await attackOnce(network);
        void attackOn(network, first);
      }),
    );
  }

  async function attackOn(network: string, first: Collector): Promise<void> {
    let reader = first;
    for (;;) {
      await reader.closed;
      if (!isAttacking) {
        return;
      }
      readers.splice(readers.indexOf(reader), 1);
      reader = await attackOnce(network);
    }
  }

  /** How many phones get a parcel of 300 KB in time. */
  async function served(): Promise<number> {
    let count = 0;
    for (const phone of phones) {
      await gateway.hold(phone, { octets: 300_000 });
      using collector = await Collector.open(gateway.poweb, [phone], {
        localAddress: HONEST_NETWORK,
      });
      count += (await isServed(collector)) ? 1 : 0;
    }
    return count;
  }

  async function isServed(collector: Collector): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += STEP_MS) {
      gateway.clock.advance(STEP_MS);
      for (const reader of readers.filter(({ isOpen }) => isOpen)) {
        reader.socket.pong();
      }
      await collector.roundTrip();
      if (collector.waiting > 0) {
        collector.acknowledge(await collector.next());
        await collector.roundTrip();
        return true;
      }
    }
    return false;
  }

  it('all phones in other networks get theirs', async () => {
    await attack(ATTACKERS_NETWORK);
    assert.equal(await served(), VISITS);
  });

  it('all other phones in its network get theirs', async () => {
    await attack(HONEST_NETWORK);
    assert.equal(await served(), VISITS);
  });

  it('it is dropped after 20 s, though nobody else wants anything', async () => {
    const [phone] = phones;
    assert.ok(phone);
    using neighbour = await Collector.open(gateway.poweb, [phone], {
      localAddress: HONEST_NETWORK,
    });
    using reader = await attackOnce(ATTACKERS_NETWORK);
    let passedMs = 0;
    for (; gateway.running.collection.collectors > 1; passedMs += STEP_MS) {
      gateway.clock.advance(STEP_MS);
      reader.socket.pong();
      await neighbour.roundTrip();
    }
    assert.ok(passedMs > 15_000 && passedMs < 30_000, String(passedMs));
  });
});
