import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { signDetached } from '#awala/cms/signed-data-writer.ts';
import { oid } from '#awala/der/oids.ts';
import { octetString } from '#awala/der/writer.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import type { HTTP_ANSWERS } from '#runtime/http/answers.ts';
import { CLOSINGS, endingFor, REQUEST_ANSWERS } from '#services/collection/answers.ts';
import { extension } from '#test/builders/crafted-certificates.ts';
import { type Peer, signNonce } from '#test/builders/peers.ts';
import { certified, type Road, secondsFrom } from '#test/builders/road.ts';
import { COLLECTION_PATH, Collector, refusedUpgrade } from '#test/peers/collector.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { type Fault, FaultyStore } from '../support/faulty-store.ts';
import { GatewayUnderTest, START } from '../support/gateway-under-test.ts';
import { Operator } from '../support/operator.ts';
import { telling } from './told-by-log.ts';

const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };
/** As the collectors of these tests are, unless they say otherwise. */
const TRAITS = { keepAlive: true, mergesDeliveries: false, isBrowser: false };
/** No failure of the collection: the log does not tell. */
const UNTOLD: readonly string[] = ['browser', 'challenge-unanswered', 'stopping'];
/** No closing frame came. */
const CUT = 1006;

interface Closed {
  readonly code: number;
  readonly reason: string;
}

describe('Collection: each error that has an answer', () => {
  const store = new FaultyStore();
  const clock = new ManualClock(START);
  const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
  const operator = new Operator(clock);
  let gateway: GatewayUnderTest;
  let road: Road;

  before(async () => {
    gateway = await GatewayUnderTest.start(
      { objects: store.objects, records: operator.records, clock, plausibility },
      { MAX_COLLECTORS: '1', MAX_WAITING_COLLECTORS: '0' },
    );
    road = await gateway.road();
  });
  afterEach(async () => {
    store.fault = null;
    hearOffset(0);
    while (gateway.running.collection.collectors > 0) {
      await othersTurn();
    }
  });
  after(() => gateway[Symbol.asyncDispose]());

  function hearOffset(seconds: number): void {
    const oursMs = clock.now().getTime();
    plausibility.hear({ by: 'a witness', theirsMs: oursMs - seconds * 1_000, oursMs });
  }

  async function respond(sign: (nonce: Uint8Array) => Promise<Uint8Array>): Promise<Closed> {
    using collector = new Collector(gateway.poweb);
    collector.respond([await sign(await collector.challenge())]);
    return await collector.closed;
  }

  function respondAs(signer: Peer): Promise<Closed> {
    return respond((nonce) => signDetached(nonce, 'collection-handshake', signer));
  }

  /** What follows on the handshake, and on a delivery. */
  async function collecting(act: (collector: Collector) => void): Promise<Closed> {
    await gateway.hold(road.phone);
    using collector = await Collector.open(gateway.poweb, [road.phone]);
    await collector.next();
    act(collector);
    return await collector.closed;
  }

  async function whileStoreIs(fault: Fault): Promise<Closed> {
    store.fault = fault;
    using collector = await Collector.open(gateway.poweb, [road.phone], CLOSING);
    return await passUntilClosed(collector);
  }

  async function passUntilClosed(collector: Collector): Promise<Closed> {
    const { socket, closed } = collector;
    while (socket.readyState !== socket.CLOSED) {
      clock.advance(1_000);
      await collector.roundTrip().catch(() => closed);
    }
    return closed;
  }

  const phoneWith = (template: Parameters<typeof certified>[3]) =>
    certified(road, road.phone, road.us, template);

  const provocations: Readonly<Record<keyof typeof CLOSINGS, () => Promise<Closed>>> = {
    browser: async () => {
      using collector = new Collector(gateway.poweb, { headers: { origin: 'https://a.test' } });
      return await collector.closed;
    },
    'challenge-unanswered': async () => {
      using collector = new Collector(gateway.poweb);
      await collector.challenge();
      clock.advance(30_000);
      return await collector.closed;
    },
    malformed: () => respond(async () => Buffer.from('hello')),
    signature: () => respond(() => signNonce(Buffer.alloc(32), road.phone)),
    algorithm: () => respondAs(phoneWith({ hash: 'sha1' })),
    expired: () => respondAs(phoneWith({ notAfter: secondsFrom(road, -1) })),
    'not-yet-valid': () =>
      respondAs(phoneWith({ notBefore: secondsFrom({ ...road, now: clock.now() }, 7_201) })),
    certificate: () =>
      respondAs(phoneWith({ moreExtensions: [extension(oid('1.2.3'), true, octetString())] })),
    'untrusted-path': () => respondAs(road.recipient),
    'peer-blocked': async () => {
      const { phone } = await gateway.road('blocked');
      await operator.block(phone, { clock, policies: [gateway.running.gateway.policy] });
      return respondAs(phone);
    },
    'message-unexpected': async () => {
      using collector = new Collector(gateway.poweb);
      await collector.challenge();
      collector.socket.send('hello');
      return await collector.closed;
    },
    'message-too-large': () => collecting(({ socket }) => socket.send('x'.repeat(100_000))),
    'message-overdue': async () => {
      using collector = await Collector.open(gateway.poweb, [road.phone]);
      await collector.roundTrip();
      collector.socket.send('x', { fin: false });
      return await passUntilClosed(collector);
    },
    'acknowledgement-unknown': () => collecting(({ socket }) => socket.send('zzz')),
    'acknowledgement-overdue': async () => {
      await gateway.hold(road.phone);
      using collector = await Collector.open(gateway.poweb, [road.phone]);
      await collector.next();
      return await passUntilClosed(collector);
    },
    stopping: async () => {
      await using stopping = await GatewayUnderTest.start();
      const { phone } = await stopping.road();
      using collector = await Collector.open(stopping.poweb, [phone]);
      await collector.roundTrip();
      void stopping[Symbol.asyncDispose]();
      return await collector.closed;
    },
    'backing-unavailable': () => whileStoreIs('down'),
    'backing-full': () => whileStoreIs('full'),
    'clock-in-doubt': () => {
      hearOffset(86_400);
      return respondAs(phoneWith({ notAfter: secondsFrom(road, -1) }));
    },
  };

  for (const [code, provoke] of Object.entries(provocations)) {
    const closing: { readonly code: unknown } = CLOSINGS[code as keyof typeof provocations];
    const closeCode = typeof closing.code === 'function' ? closing.code(TRAITS) : closing.code;
    it(`${code}: ${closeCode ?? 'cut'}`, async () => {
      const closed = UNTOLD.includes(code)
        ? await provoke()
        : await telling(code, gateway.logged, provoke);
      assert.equal(closed.code, closeCode ?? CUT);
    });
  }

  type Own = Exclude<keyof typeof REQUEST_ANSWERS, keyof typeof HTTP_ANSWERS>;
  const requests: Readonly<Record<Own | 'not-found', () => Promise<number | undefined>>> = {
    'not-found': () => refusedUpgrade(gateway.poweb, { path: '/nothing' }),
    'no-websocket': async () => {
      using client = new HttpClient(gateway.poweb);
      const { status, headers } = await client.get(COLLECTION_PATH);
      assert.equal(headers.upgrade, REQUEST_ANSWERS['no-websocket'].headers.Upgrade);
      return status;
    },
    'collectors-full': async () => {
      using collector = await Collector.open(gateway.poweb, [road.phone]);
      await collector.roundTrip();
      return await refusedUpgrade(gateway.poweb, { hasUserAgent: false });
    },
  };

  for (const [code, provoke] of Object.entries(requests)) {
    const { status } = REQUEST_ANSWERS[code as keyof typeof requests];
    it(`${code}: ${status}`, async () => {
      assert.equal(await provoke(), status);
    });
  }

  it('a surprise: 1011', async () => {
    store.methods = ['list'];
    assert.equal((await whileStoreIs('broken')).code, endingFor(new Error(), TRAITS).code);
  });
});

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
