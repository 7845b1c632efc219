import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { GatewayUnderTest, START } from '#test/end-to-end/support/gateway-under-test.ts';
import { Collector } from '#test/peers/collector.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed, NETWORKS } from './attacker.ts';

const CROWD = 4;
const TIMES = 50;
const VISITS = 4;
/** With masks that change nothing. */
const EMPTY = {
  ping: Buffer.of(0x89, 0x80, 0, 0, 0, 0),
  pong: Buffer.of(0x8a, 0x80, 0, 0, 0, 0),
  beginning: Buffer.of(0x01, 0x80, 0, 0, 0, 0),
  continuation: Buffer.of(0x00, 0x80, 0, 0, 0, 0),
  message: Buffer.of(0x81, 0x80, 0, 0, 0, 0),
};

interface FloodOfFrames {
  readonly first?: Uint8Array;
  readonly again: Uint8Array;
  readonly reads?: boolean;
}

/** What a phone may send without end, by what it is. */
const FLOODS: Readonly<Record<string, FloodOfFrames>> = {
  'pings that want to be answered': { again: EMPTY.ping },
  'pings, whose answers it does not read': { again: EMPTY.ping, reads: false },
  'pongs that answer nothing': { again: EMPTY.pong },
  'a message in pieces without octets': { first: EMPTY.beginning, again: EMPTY.continuation },
  'pings in the middle of a message': { first: EMPTY.beginning, again: EMPTY.ping },
  'acknowledgements of nothing': { again: EMPTY.message },
};

describe('Phones collect while another floods its collections with', () => {
  let gateway: GatewayUnderTest;
  let phone: Peer;
  let attacker: Peer;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    phone = await privateGateway('phone', gateway.us, validAround(START));
    attacker = await privateGateway('attacker', gateway.us, validAround(START));
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(async () => {
    await until(() => gateway.running.collection.collectors === 0);
    assert.equal(gateway.running.collection.heldOctets, 0);
    assert.deepEqual(gateway.loggedAt('error'), []);
  });

  /** Comes again whenever it is sent away, until told to stop. */
  function begin(network: string, { first, again, reads = true }: FloodOfFrames): AsyncDisposable {
    let isOver = false;
    const many = Buffer.concat(Array.from({ length: TIMES }, () => again));
    const once = async () => {
      using collector = await Collector.open(gateway.poweb, [attacker], { localAddress: network });
      await collector.roundTrip();
      if (!reads) {
        collector.stopReading();
      }
      collector.sendRaw(first ?? Buffer.alloc(0));
      while (!isOver && collector.isOpen) {
        collector.sendRaw(many);
        await setImmediate();
      }
    };
    const flood = async () => {
      while (!isOver) {
        await once().catch(() => {});
      }
    };
    const ended = Promise.all(Array.from({ length: CROWD }, flood));
    return {
      async [Symbol.asyncDispose]() {
        isOver = true;
        await ended;
      },
    };
  }

  for (const [what, flood] of Object.entries(FLOODS)) {
    it(what, async () => {
      for (const [, network] of NETWORKS) {
        await using _flood = begin(network, flood);
        await until(() => gateway.running.collection.collectors > 0);
        await assertServed(VISITS, async () => {
          await gateway.hold(phone);
          using collector = await Collector.open(gateway.poweb, [phone], {
            localAddress: NETWORKS[1][1],
          });
          collector.acknowledge(await collector.next());
          await collector.roundTrip();
          return true;
        });
      }
    });
  }
});
