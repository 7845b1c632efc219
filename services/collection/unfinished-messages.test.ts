import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { Mailbox } from '#gateway/held/mailbox.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { nobodyBlocked } from '#test/builders/nobody-blocked.ts';
import { internetGateway, type Peer, privateGateway, validAround } from '#test/builders/peers.ts';
import { Collector } from '#test/peers/collector.ts';
import { frameHeader } from '#test/peers/frame-header.ts';
import { until } from '#test/runtime/until.ts';
import type { CollectionServer } from './collection-server.ts';
import { createCollectionServer } from './create-collection-server.ts';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const PLACES = 10;

describe('What a collector sends and does not complete', () => {
  let clock: ManualClock;
  let opened: AsyncDisposableStack;
  let collection: CollectionServer;
  let port: number;
  let phones: readonly Peer[];
  let collectors: Collector[];

  before(async () => {
    clock = new ManualClock();
    const gateway = await internetGateway('gateway', validAround(clock.now()));
    phones = await Promise.all(
      Array.from({ length: PLACES }, (_, index) =>
        privateGateway(`phone ${index}`, gateway, validAround(clock.now())),
      ),
    );
    collection = createCollectionServer(
      { window: 5, maxCollectors: PLACES, maxWaiting: 1_000, bufferOctets: 16 * MIB },
      {
        mailbox: new Mailbox({
          objects: new InMemoryObjectStore({ clock }),
          signals: new InProcessSignals({ log: silentLog }),
          clock,
        }),
        identity: { trustedCertificates: async () => [gateway.certificate] },
        verifier: new MessageVerifier(),
        policy: nobodyBlocked(clock),
        clock,
        log: silentLog,
        metrics: noMetrics,
      },
    );
    opened = new AsyncDisposableStack();
    const server = createServer().on('upgrade', collection.handleUpgrade).listen(0, '127.0.0.1');
    opened.defer(() => void server.close());
    opened.defer(() => collection.closeAll());
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => opened[Symbol.asyncDispose]());
  beforeEach(() => {
    collectors = [];
  });
  afterEach(async () => {
    for (const collector of collectors) {
      collector[Symbol.dispose]();
    }
    await until(() => collection.collectors === 0);
    assert.equal(collection.heldOctets, 0);
  });

  /**
   * @param nodes - for which it collects
   * @param first - the first of them
   */
  async function collect(nodes = 1, first = 0): Promise<Collector> {
    const collector = await Collector.open(port, phones.slice(first, first + nodes));
    collectors.push(collector);
    await collector.roundTrip();
    return collector;
  }

  it('ends the connection with 1009 as soon as it announces over four KiB after the handshake', async () => {
    const collector = await collect();
    collector.sendRaw(frameHeader('text', 4 * KIB + 1));
    assert.equal((await collector.closed).code, 1009);
  });

  it('ends it with 1009 if its fragments are over four KiB together', async () => {
    const collector = await collect();
    for (let fragment = 0; fragment < 5; fragment++) {
      collector.socket.send(Buffer.alloc(KIB), { fin: false });
    }
    assert.equal((await collector.closed).code, 1009);
  });

  it('ends it with 1009 if it comes octet by octet', async () => {
    const collector = await collect();
    await collector.sendInSegments(1_000, frameHeader('text', 1_000));
    assert.equal((await collector.closed).code, 1009);
  });

  it('ends it with 4000 after ten seconds, however lively its client is', async () => {
    const collector = await collect();
    collector.socket.send('x', { fin: false });
    await collector.roundTrip();
    assert.ok(collection.heldOctets > 0);
    for (const ms of [5_000, 4_999]) {
      clock.advance(ms);
      await collector.roundTrip();
    }
    clock.advance(1);
    assert.equal((await collector.closed).code, 4000);
  });

  it('is not what pings and pongs bring, however many come without a message', async () => {
    const collector = await collect();
    for (let sent = 0; sent < 200; sent++) {
      collector.socket.ping(Buffer.alloc(125));
      collector.socket.pong(Buffer.alloc(125));
    }
    collector.sendRaw(Buffer.from([0x8a]));
    await collector.sendInSegments(0, Buffer.from([0x80, 0, 0, 0, 0]));
    await collector.roundTrip();
    assert.equal(collector.socket.readyState, collector.socket.OPEN);
    assert.equal(collection.heldOctets, 0);
  });

  it('takes 64 MiB of all memory at most, and then whoever holds most is cut', async () => {
    const greedy = Array.from({ length: 150 }, () => new Collector(port));
    collectors.push(...greedy);
    let most = 0;
    const watching = setInterval(() => {
      most = Math.max(most, collection.heldOctets);
    }, 1);
    await Promise.all(
      greedy.map(async (collector) => {
        await collector.challenge();
        collector.sendRaw(frameHeader('text', 512 * KIB));
        collector.sendRaw(Buffer.alloc(500 * KIB));
      }),
    );
    // 150 of 500 KiB are 73 MiB; pieces count besides.
    await Promise.any(greedy.map(({ closed }) => closed));
    await until(() => collection.heldOctets > 50 * MIB);
    const honest = await collect();
    assert.equal(honest.socket.readyState, honest.socket.OPEN);
    clearInterval(watching);
    assert.ok(most <= 64 * MIB, String(most));
  });

  it('waits for a place for each node; who has most of them gives way', async () => {
    const five = await collect(PLACES / 2);
    await collect(PLACES / 2 - 1, PLACES / 2);
    const two = await collect(2, PLACES - 2);
    assert.equal((await five.closed).code, 4000);
    await collect(1, PLACES - 1);
    assert.equal(collection.waiting, 0);
    assert.equal(two.socket.readyState, two.socket.OPEN);
  });
});
