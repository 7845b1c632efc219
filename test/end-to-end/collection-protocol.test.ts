import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, afterEach, before, describe, it } from 'node:test';
import type { SignaturePurpose } from '#awala/cms/signature-purpose.ts';
import { signDetached } from '#awala/cms/signed-data-writer.ts';
import { craftSignedData } from '#test/builders/crafted-messages.ts';
import {
  identity,
  internetGateway,
  type Peer,
  privateGateway,
  signNonce,
} from '#test/builders/peers.ts';
import { certified, type Road, secondsFrom } from '#test/builders/road.ts';
import {
  COLLECTION_PATH,
  Collector,
  type CollectorOptions,
  refusedUpgrade,
} from '#test/peers/collector.ts';
import { GatewayUnderTest } from './support/gateway-under-test.ts';
import { Neighbours } from './support/neighbours.ts';

const MODE_HEADERS = ['x-awala-streaming-mode', 'X-Relaynet-Streaming-Mode'];
const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };

describe('Parcel collection: what a collector may say', () => {
  let gateway: GatewayUnderTest;
  let road: Road;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    road = await gateway.road();
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(async () => {
    await gateway.untilEmpty(road.phone);
    assert.deepEqual(gateway.loggedAt('error'), []);
  });

  /** Fails unless what is done ends with this close code, and neighbours notice nothing. */
  async function closesWith(
    code: number,
    act: (collector: Collector, neighbours: Neighbours) => Promise<void> | void,
    options: CollectorOptions = {},
  ): Promise<void> {
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: await gateway.road('neighbour'),
    });
    using collector = new Collector(gateway.poweb, options);
    await act(collector, neighbours);
    assert.equal((await collector.closed).code, code);
    await neighbours.finish();
  }

  async function closesAfterHandshake(
    code: number,
    act: (collector: Collector) => Promise<void> | void,
    options: CollectorOptions = {},
  ): Promise<void> {
    await closesWith(
      code,
      async (collector) => {
        collector.respond([await signNonce(await collector.challenge(), road.phone)]);
        await act(collector);
      },
      options,
    );
  }

  describe('when connecting', () => {
    it('no web page: 1008, without a challenge', () =>
      closesWith(
        1008,
        async (collector) => {
          await collector.closed;
          assert.equal(collector.waiting, 0);
        },
        { headers: { origin: 'https://example.com' } },
      ));

    it('no other path: 404', async () => {
      for (const path of ['/', '/v1', '/v1/parcel-collection/', '/v1/parcels']) {
        assert.equal(await refusedUpgrade(gateway.poweb, { path }), 404, path);
      }
    });

    it('any query', async () => {
      using collector = new Collector(gateway.poweb, { path: '/v1/parcel-collection?a=b' });
      await collector.challenge();
    });
  });

  describe('instead of a handshake response', () => {
    const answers: Record<string, (valid: Uint8Array) => readonly Uint8Array[]> = {
      'no signatures': () => [],
      'more than a hundred signatures': (valid) => Array.from({ length: 101 }, () => valid),
      'an empty signature': () => [new Uint8Array()],
      'a signature that is cut': (valid) => [valid.subarray(0, -1)],
      'a good signature and a bad one': (valid) => [valid, Buffer.from('bad')],
    };
    for (const [what, signaturesOf] of Object.entries(answers)) {
      it(`${what}: 1003`, () =>
        closesWith(1003, async (collector) => {
          const valid = await signNonce(await collector.challenge(), road.phone);
          collector.respond(signaturesOf(valid));
        }));
    }

    const frames: Record<string, string | Uint8Array> = {
      'a text frame': 'hello',
      'an empty text frame': '',
      'octets that are none': Buffer.from('hello'),
      'an empty frame': new Uint8Array(),
      'nested sequences': Buffer.alloc(100_000, Buffer.of(0x30, 0x80)),
      'a length that lies': Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
      'as much as fits': Buffer.alloc(512 * 1024),
    };
    for (const [what, frame] of Object.entries(frames)) {
      it(`${what}: 1003`, () =>
        closesWith(1003, async (collector) => {
          await collector.challenge();
          collector.socket.send(frame);
        }));
    }

    it('an octet more than fits: 1009', () =>
      closesWith(1009, async (collector) => {
        await collector.challenge();
        collector.socket.send(Buffer.alloc(512 * 1024 + 1));
      }));

    it('more than 64 pieces of one frame: 1008', () =>
      closesWith(1008, async (collector) => {
        await collector.challenge();
        for (let piece = 0; piece <= 64; piece++) {
          collector.socket.send('x', { fin: false });
        }
      }));

    it('a frame in thousands of segments: 1008', () =>
      closesWith(1008, async (collector) => {
        await collector.challenge();
        await collector.sendInSegments(20_000);
      }));

    it('octets that are no WebSocket frame: 1002', () =>
      closesWith(1002, async (collector) => {
        await collector.challenge();
        collector.sendRaw(Buffer.alloc(10, 0xff));
      }));

    for (const { client, code, hasUserAgent } of [
      { client: 'Android', code: 1006, hasUserAgent: true },
      { client: 'JavaScript', code: 4000, hasUserAgent: false },
    ]) {
      it(`nothing for 30 s, being ${client}: ${code}`, () =>
        closesWith(
          code,
          async (collector, neighbours) => {
            await collector.challenge();
            await gateway.pass(29, async () => {
              await neighbours.goOn();
              await collector.roundTrip();
            });
            gateway.clock.advance(1_000);
          },
          { hasUserAgent },
        ));
    }
  });

  it('a hundred signatures are taken', async () => {
    using collector = new Collector(gateway.poweb, CLOSING);
    const nonce = await collector.challenge();
    const signature = await signNonce(nonce, road.phone);
    collector.respond(Array.from({ length: 100 }, () => signature));
    assert.equal((await collector.closed).code, 1000);
  });

  it('a second frame before the handshake is done: 1003', () =>
    closesWith(1003, async (collector) => {
      const signature = await signNonce(await collector.challenge(), road.phone);
      collector.respond([signature]);
      collector.respond([signature]);
    }));

  describe('as a signature', () => {
    async function isRefused(sign: (nonce: Uint8Array) => Promise<Uint8Array>): Promise<void> {
      await closesWith(1003, async (collector) => {
        collector.respond([await sign(await collector.challenge())]);
      });
    }
    const signedBy = (signer: Peer, purpose: SignaturePurpose = 'collection-handshake') =>
      isRefused((nonce) => signDetached(nonce, purpose, signer));

    it('none by a phone of another gateway', async () => {
      const elsewhere = await internetGateway('elsewhere', road.validity);
      await signedBy(await privateGateway('phone', elsewhere, road.validity));
    });

    it('none by another key than the certificate’s', () =>
      signedBy({ ...road.phone, sign: identity('someone').sign }));

    it('none with an expired certificate, or one of the future', async () => {
      const { phone, us, ...later } = await gateway.road();
      const at = (seconds: number) => secondsFrom({ ...road, now: later.now }, seconds);
      await signedBy(certified(road, phone, us, { notAfter: at(-1) }));
      await signedBy(certified(road, phone, us, { notBefore: at(7_201) }));
    });

    it('none by an endpoint', () => signedBy(road.recipient));

    it('none of another purpose', () => signedBy(road.phone, 'parcel-delivery'));

    it('none of another nonce', () => isRefused(() => signNonce(Buffer.alloc(32), road.phone)));

    it('none that comes with what it signs', () =>
      isRefused(async (nonce) => {
        const { phone } = road;
        const certificates = [phone.certificate];
        return craftSignedData({ content: nonce, signers: [phone], certificates });
      }));

    it('none of an earlier challenge', async () => {
      using earlier = new Collector(gateway.poweb);
      const signature = await signNonce(await earlier.challenge(), road.phone);
      await isRefused(async () => signature);
    });
  });

  describe('instead of an acknowledgement', () => {
    const frames: Record<string, string | Uint8Array> = {
      'an id of no delivery': 'zzz',
      'an empty text': '',
      'a long text': 'x'.repeat(4_096),
      'the id in another spelling': '01',
      'the id with a blank': '1 ',
      'a binary frame': Buffer.from('1'),
    };
    for (const [what, frame] of Object.entries(frames)) {
      it(`${what}: 1003, and the parcel stays held`, async () => {
        await gateway.hold(road.phone);
        await closesAfterHandshake(1003, async (collector) => {
          await collector.next();
          collector.socket.send(frame);
        });
        using next = await Collector.open(gateway.poweb, [road.phone], CLOSING);
        next.acknowledge(await next.next());
        assert.equal((await next.closed).code, 1000);
      });
    }

    it('more than any acknowledgement has: 1009', async () => {
      await gateway.hold(road.phone);
      await closesAfterHandshake(1009, async (collector) => {
        collector.acknowledge(await collector.next());
        collector.socket.send('x'.repeat(100_000));
      });
    });

    it('the same acknowledgement again: 1003', async () => {
      await gateway.hold(road.phone);
      await closesAfterHandshake(1003, async (collector) => {
        const delivery = await collector.next();
        collector.acknowledge(delivery);
        collector.acknowledge(delivery);
      });
    });
  });

  describe('as the mode', () => {
    for (const header of MODE_HEADERS) {
      it(`close-upon-completion in ${header}`, async () => {
        await gateway.hold(road.phone);
        const headers = { [header]: 'close-upon-completion' };
        using collector = await Collector.open(gateway.poweb, [road.phone], { headers });
        collector.acknowledge(await collector.next());
        assert.equal((await collector.closed).code, 1000);
      });
    }

    for (const mode of ['keep-alive', 'something else', '']) {
      it(`“${mode}” is keep-alive`, async () => {
        const headers = { 'x-awala-streaming-mode': mode };
        using collector = await Collector.open(gateway.poweb, [road.phone], { headers });
        await collector.roundTrip();
        await gateway.hold(road.phone);
        collector.acknowledge(await collector.next());
        await collector.roundTrip();
      });
    }
  });

  it('nobody gets the parcels of another phone', async () => {
    const other = await privateGateway('other phone', gateway.us, road.validity);
    await gateway.hold(other);
    using collector = await Collector.open(gateway.poweb, [road.phone], CLOSING);
    assert.equal((await collector.closed).code, 1000);
    assert.equal(collector.waiting, 0);
    using both = await Collector.open(gateway.poweb, [road.phone, other], CLOSING);
    both.acknowledge(await both.next());
    assert.equal((await both.closed).code, 1000);
  });

  it('a phone may not acknowledge what was sent to another connection', async () => {
    await gateway.hold(road.phone);
    using first = await Collector.open(gateway.poweb, [road.phone]);
    const delivery = await first.next();
    const other = await privateGateway('other phone', gateway.us, road.validity);
    using second = await Collector.open(gateway.poweb, [other]);
    second.acknowledge(delivery);
    assert.equal((await second.closed).code, 1003);
    first.acknowledge(delivery);
    await first.roundTrip();
  });
});

describe('Parcel collection: an upgrade that offers sub-protocols', () => {
  it('is accepted, and none of them is chosen', async () => {
    await using gateway = await GatewayUnderTest.start();
    const upgrade = request({
      host: '127.0.0.1',
      port: gateway.poweb,
      path: COLLECTION_PATH,
      headers: {
        connection: 'upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        'sec-websocket-protocol': 'awala, mqtt',
      },
    }).end();
    const [response, socket] = await once(upgrade, 'upgrade');
    assert.equal(response.statusCode, 101);
    assert.equal(response.headers['sec-websocket-protocol'], undefined);
    socket.destroy();
  });
});
