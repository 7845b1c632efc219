import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Peer, privateGateway, signNonce, validAround } from '#test/builders/peers.ts';
import { Collector, type CollectorOptions } from '#test/peers/collector.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';

const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };
const UNKNOWN = { hasUserAgent: false };

describe('Parcel collection: when the gateway is about to stop', () => {
  let gateway: GatewayUnderTest;
  let phone: Peer;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    phone = await privateGateway('phone', gateway.us, validAround(START));
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(() => {
    assert.equal(gateway.running.collection.collectors, 0);
    gateway.running.collection.resume();
  });

  /** Connected, and past the handshake. */
  async function open(options: CollectorOptions = {}): Promise<Collector> {
    const collector = await Collector.open(gateway.poweb, [phone], options);
    await collector.roundTrip();
    return collector;
  }

  /** Closes amid a delivery, which is acknowledged nevertheless. */
  async function codeAtTheEnd(options: CollectorOptions): Promise<number> {
    await gateway.hold(phone);
    using collector = await Collector.open(gateway.poweb, [phone], options);
    const delivery = await collector.next();
    const closed = gateway.running.collection.closeAll();
    collector.acknowledge(delivery);
    const { code } = await collector.closed;
    await closed;
    assert.equal(await gateway.heldFor(phone), 0);
    return code;
  }

  it('keep-alive: 4000', async () => {
    assert.equal(await codeAtTheEnd({}), 4000);
  });

  it('keep-alive without User-Agent: 1000', async () => {
    assert.equal(await codeAtTheEnd(UNKNOWN), 1000);
  });

  it('close-upon-completion without User-Agent: 4000', async () => {
    assert.equal(await codeAtTheEnd({ ...CLOSING, ...UNKNOWN }), 4000);
  });

  it('close-upon-completion: no code, after which Android comes back', async () => {
    assert.equal(await codeAtTheEnd(CLOSING), 1006);
  });

  it('who has a delivery may acknowledge it first, and gets no other', async () => {
    await gateway.hold(phone);
    using collector = await Collector.open(gateway.poweb, [phone], UNKNOWN);
    const delivery = await collector.next();
    await gateway.hold(phone);
    const woundUp = gateway.running.collection.windUp(10_000);
    await collector.roundTrip();
    collector.acknowledge(delivery);
    await woundUp;
    const closed = gateway.running.collection.closeAll();
    assert.equal(collector.waiting, 0);
    assert.equal((await collector.closed).code, 1000);
    await closed;
    assert.equal(await gateway.heldFor(phone), 1);
    gateway.running.collection.resume();
    using next = await Collector.open(gateway.poweb, [phone], CLOSING);
    next.acknowledge(await next.next());
    await next.closed;
    await until(() => gateway.running.collection.collectors === 0);
  });

  it('who shakes hands only then gets nothing', async () => {
    await gateway.hold(phone);
    using collector = new Collector(gateway.poweb);
    const nonce = await collector.challenge();
    await gateway.running.collection.windUp(10_000);
    collector.respond([await signNonce(nonce, phone)]);
    // Another one gets it in the meantime.
    using present = await Collector.open(gateway.poweb, [phone], CLOSING);
    await present.next();
    await collector.roundTrip();
    assert.equal(collector.waiting, 0);
    const closed = gateway.running.collection.closeAll();
    assert.equal((await collector.closed).code, 4000);
    present[Symbol.dispose]();
    await closed;
    gateway.running.collection.resume();
    using next = await Collector.open(gateway.poweb, [phone], CLOSING);
    next.acknowledge(await next.next());
    await next.closed;
    await until(() => gateway.running.collection.collectors === 0);
  });

  it('whoever waits for acknowledgements sees them, however many do', async () => {
    await gateway.hold(phone);
    using collector = await Collector.open(gateway.poweb, [phone]);
    const delivery = await collector.next();
    const { collection } = gateway.running;
    const woundUp = [collection.windUp(10_000), collection.windUp(10_000)];
    collector.acknowledge(delivery);
    await Promise.all(woundUp);
    const closed = collection.closeAll();
    assert.equal((await collector.closed).code, 4000);
    await closed;
  });

  it('who does not within 3 s is closed nevertheless', async () => {
    await gateway.hold(phone);
    using collector = await Collector.open(gateway.poweb, [phone]);
    const delivery = await collector.next();
    const woundUp = gateway.running.collection.windUp(10_000);
    gateway.clock.advance(3_000);
    await woundUp;
    const closed = gateway.running.collection.closeAll();
    collector.acknowledge(delivery);
    assert.equal((await collector.closed).code, 4000);
    await closed;
    assert.equal(await gateway.heldFor(phone), 0);
  });

  it('who answers 4000 with 1011, as Android does, has answered', async () => {
    using collector = await open();
    collector.stopReading();
    const closed = gateway.running.collection.closeAll();
    const reason = Buffer.from('Client failure');
    const header = Buffer.of(0x88, 0x80 | (2 + reason.length), 0, 0, 0, 0, 0x03, 0xf3);
    collector.sendRaw(Buffer.concat([header, reason]));
    collector.goOnReading();
    assert.equal((await collector.closed).code, 4000);
    await closed;
  });

  it('who was just about to shake hands may do so, and is closed then', async () => {
    using collector = new Collector(gateway.poweb);
    await collector.challenge();
    const closed = gateway.running.collection.closeAll();
    collector.respond([]);
    assert.equal((await collector.closed).code, 4000);
    await closed;
  });

  it('who does not is cut off after a second, without a close code', async () => {
    using collector = new Collector(gateway.poweb);
    await collector.challenge();
    const closed = gateway.running.collection.closeAll();
    gateway.clock.advance(1_000);
    assert.equal((await collector.closed).code, 1006);
    await closed;
  });

  it('one who does not answer the close is cut off after a second', async () => {
    using collector = await open();
    collector.stopReading();
    const closed = gateway.running.collection.closeAll();
    gateway.clock.advance(1_000);
    await closed;
  });

  it('who comes meanwhile shakes hands, gets nothing, and is closed at the very end', async () => {
    const { collection } = gateway.running;
    using present = await open();
    collection.hold();
    using newcomer = await open();
    await gateway.hold(phone);
    present.acknowledge(await present.next());
    await present.roundTrip();
    await newcomer.roundTrip();
    assert.equal(newcomer.waiting, 0);
    const closed = collection.closeAll();
    assert.equal((await present.closed).code, 4000);
    assert.equal((await newcomer.closed).code, 4000);
    await closed;
  });

  it('who comes while others are being closed is held for as long as that takes', async () => {
    using silent = await open();
    silent.stopReading();
    const closed = gateway.running.collection.closeAll();
    using newcomer = await open();
    gateway.clock.advance(1_000);
    assert.equal((await newcomer.closed).code, 4000);
    await closed;
    using late = new Collector(gateway.poweb);
    assert.equal((await late.closed).code, 1006);
  });

  it('who collects only what there is gets it meanwhile', async () => {
    gateway.running.collection.hold();
    await gateway.hold(phone);
    using brief = await Collector.open(gateway.poweb, [phone], CLOSING);
    brief.acknowledge(await brief.next());
    assert.equal((await brief.closed).code, 1000);
    await until(() => gateway.running.collection.collectors === 0);
  });
});

describe('Parcel collection: when one of several processes is about to stop', () => {
  let gateway: GatewayUnderTest;
  let phone: Peer;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    phone = await privateGateway('phone', gateway.us, validAround(START));
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(() => gateway.running.collection.resume());

  function open(options: CollectorOptions = {}): Promise<Collector> {
    return Collector.open(gateway.poweb, [phone], options);
  }

  /** Lets time pass, but not so much that a silent peer would be dropped. */
  async function passingUntil(done: Promise<void>): Promise<void> {
    let isDone = false;
    void done.then(() => {
      isDone = true;
    });
    for (let second = 0; second < 8 && !isDone; second++) {
      gateway.clock.advance(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
  }

  it('clients are moved over the time given, not all at once', async () => {
    const { collection } = gateway.running;
    const collectors = await Promise.all(Array.from({ length: 4 }, () => open()));
    await Promise.all(collectors.map((collector) => collector.roundTrip()));
    const moved = collection.moveAway({ spreadMs: 4_000, lingerMs: 1_000 });
    gateway.clock.advance(0);
    for (const remaining of [3, 2, 1, 0]) {
      await until(() => collection.collectors === remaining);
      gateway.clock.advance(1_000);
    }
    await passingUntil(moved);
    const codes = await Promise.all(collectors.map(async ({ closed }) => (await closed).code));
    assert.deepEqual(codes, [4000, 4000, 4000, 4000]);
  });

  it('one that comes back to the same process is held until its end', async () => {
    const { collection } = gateway.running;
    using first = await open();
    await first.roundTrip();
    const moved = collection.moveAway({ spreadMs: 0, lingerMs: 5_000 });
    gateway.clock.advance(0);
    assert.equal((await first.closed).code, 4000);
    using second = await open();
    await gateway.pass(4, () => second.roundTrip());
    assert.equal(second.waiting, 0);
    await passingUntil(moved);
    await second.roundTrip();
    const closed = collection.closeAll();
    assert.equal((await second.closed).code, 4000);
    await closed;
  });

  it('those who would come back at once, or must end by themselves, stay until its end', async () => {
    const { collection } = gateway.running;
    await gateway.hold(phone);
    using javaScript = await open(UNKNOWN);
    using brief = await open(CLOSING);
    await brief.next();
    await javaScript.next();
    await passingUntil(collection.moveAway({ spreadMs: 1_000, lingerMs: 1_000 }));
    await javaScript.roundTrip();
    await brief.roundTrip();
    const closed = collection.closeAll();
    // Both have a delivery that they do not acknowledge.
    gateway.clock.advance(1_000);
    assert.equal((await javaScript.closed).code, 1000);
    assert.equal((await brief.closed).code, 4000);
    await closed;
  });
});
