import assert from 'node:assert/strict';
import { once } from 'node:events';
import http2, { type ClientHttp2Session } from 'node:http2';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { CARGO_TOPIC } from '#gateway/held/topics.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { messageHeader, RawCall } from '#test/cogrpc/raw-call.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';

const KIB = 1_024;
const MIB = 1_024 * KIB;
const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const DELIVER = '/awala.cogrpc.CargoRelay/DeliverCargo';
const COLLECT = '/relaynet.cogrpc.CargoRelay/CollectCargo';
const TOO_MUCH = String(status.RESOURCE_EXHAUSTED);
const TOO_LATE = String(status.DEADLINE_EXCEEDED);

describe('A call that never brings all of its message', () => {
  let clock: ManualClock;
  let opened: OpenedCogrpc;
  let phone: CargoPhone;
  let sessions: ClientHttp2Session[];

  before(async () => {
    clock = new ManualClock();
    const limits = { maxCollectionsForOneGateway: 200, memoryIdleMs: 60_000 };
    opened = await openCogrpc({ clock, limits });
    phone = await CargoPhone.register(opened);
    await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
  });
  after(() => opened[Symbol.asyncDispose]());
  beforeEach(() => {
    sessions = [];
  });
  afterEach(() => {
    for (const session of sessions) {
      session.destroy();
    }
  });

  async function connect(): Promise<ClientHttp2Session> {
    const session = http2.connect(`http://127.0.0.1:${opened.port}`);
    session.on('error', () => {});
    sessions.push(session);
    await once(session, 'remoteSettings');
    return session;
  }

  /** @returns the calls, each of which has sent `octets` */
  async function begin(path: string, count: number, octets: Buffer): Promise<RawCall[]> {
    const calls: RawCall[] = [];
    let session = await connect();
    for (let index = 0; index < count; index++) {
      if (index % 50 === 49) {
        session = await connect();
      }
      const call = RawCall.over(session, path, await authorizationFor(path));
      void call.send(octets);
      calls.push(call);
    }
    return calls;
  }

  /** To collect a cargo, which is then never acknowledged. */
  async function authorizationFor(path: string): Promise<{ authorization?: string }> {
    return path === COLLECT ? { authorization: authorizationOf(await phone.cca()) } : {};
  }

  for (const path of [CHECK, WATCH, COLLECT]) {
    it(`of ${path} is ended when it announces more than such messages have`, async () => {
      const begun = Buffer.concat([messageHeader(9 * MIB), Buffer.alloc(64)]);
      const calls = await begin(path, 120, begun);
      const ends = await Promise.all(calls.map((call) => call.status));
      assert.deepEqual(new Set(ends), new Set([TOO_MUCH]));
    });

    it(`of ${path} is ended when it is not complete in ten seconds`, async () => {
      const [call] = await begin(path, 1, Buffer.concat([messageHeader(10), Buffer.alloc(9)]));
      assert.ok(call);
      await settled(call);
      clock.advance(9_999);
      await settled(call);
      clock.advance(1);
      assert.equal(await call.status, TOO_LATE);
    });

    it(`of ${path} is refused when it is compressed, however little it takes to say much`, async () => {
      const bomb = gzipSync(Buffer.alloc(2 * MIB));
      assert.ok(bomb.length < 4 * KIB);
      const [call] = await begin(
        path,
        1,
        Buffer.concat([messageHeader(bomb.length, { isCompressed: true }), bomb]),
      );
      assert.equal(await call?.status, String(status.UNIMPLEMENTED));
    });
  }

  it('of the health service is ended in ten seconds though it sends nothing at all, or never half-closes', async () => {
    const [silent, open] = [
      ...(await begin(CHECK, 1, Buffer.alloc(0))),
      ...(await begin(CHECK, 1, messageHeader(0))),
    ];
    assert.ok(silent && open);
    await Promise.all([settled(silent), settled(open)]);
    clock.advance(10_000);
    assert.deepEqual(await Promise.all([silent.status, open.status]), [TOO_LATE, TOO_LATE]);
  });

  it('of the health service gives way when there are a hundred, and the service answers', async () => {
    const calls = await begin(CHECK, 150, messageHeader(10));
    const ended = await Promise.all(calls.slice(0, 50).map((call) => call.status));
    assert.deepEqual(new Set(ended), new Set([TOO_MUCH]));
    const check = RawCall.over(await connect(), CHECK);
    await check.send(messageHeader(0));
    assert.equal(await check.finish(), String(status.OK));
  });

  it('of a delivery is counted in the budget as a whole, and given back in ten seconds', async () => {
    const begun = Buffer.concat([messageHeader(4 * MIB), Buffer.alloc(64 * KIB)]);
    const calls = await begin(DELIVER, 20, begun);
    // 64 MiB, less what is kept for small cargo, are room for fourteen; the others wait.
    const held = 14 * (4 * MIB + KIB);
    await until(() => opened.deliveryBudget.held === held && opened.server.calls === 20);
    clock.advance(10_000);
    const ends = await Promise.all(calls.map((call) => call.status));
    assert.deepEqual(new Set(ends), new Set([TOO_LATE]));
    await until(() => opened.deliveryBudget.held === 0 && opened.server.calls === 0);
  });

  it('of a delivery is ended when it comes with less than 16 KiB in ten seconds', async () => {
    const cargo = await phone.cargo();
    const field = Buffer.from([0x12, (cargo.length & 0x7f) | 0x80, cargo.length >> 7]);
    const whole = Buffer.concat([messageHeader(field.length + cargo.length), field, cargo]);
    const [call] = await begin(DELIVER, 1, Buffer.concat([whole, messageHeader(MIB)]));
    assert.ok(call);
    await until(() => call.receivedOctets > 0);
    await call.send(Buffer.alloc(16 * KIB));
    await settled(call);
    clock.advance(10_000);
    await settled(call);
    await call.send(Buffer.alloc(16 * KIB - 1));
    await settled(call);
    clock.advance(9_999);
    await settled(call);
    clock.advance(1);
    assert.equal(await call.status, TOO_LATE);
  });

  it('of a delivery, though many announce much, does not hold up small cargo', async () => {
    const calls = await begin(DELIVER, 20, messageHeader(9 * MIB));
    await until(() => opened.server.calls === 20 && opened.deliveryBudget.held > 50 * MIB);
    using courier = new Courier(opened.port);
    const stream = courier.deliver();
    stream.send({ id: 'small', cargo: await phone.cargo() });
    await stream.receivedAtLeast(1);
    stream.call.end();
    assert.equal((await stream.ended).code, status.OK);
    calls.forEach((call) => void call.vanish());
    await until(() => opened.deliveryBudget.held === 0 && opened.server.calls === 0);
  });

  it('of a delivery is counted as the largest when it is compressed', async () => {
    const bomb = gzipSync(Buffer.alloc(9 * MIB));
    const [call] = await begin(
      DELIVER,
      1,
      Buffer.concat([messageHeader(bomb.length, { isCompressed: true }), bomb.subarray(1)]),
    );
    await until(() => opened.deliveryBudget.held > 9 * MIB);
    call?.vanish();
    await until(() => opened.deliveryBudget.held === 0);
  });

  it('of a delivery waits for memory once, however many tiny messages it has begun', async () => {
    const crumb = Buffer.concat([messageHeader(1, { isCompressed: true }), Buffer.alloc(1)]);
    const holders = await begin(DELIVER, 8, messageHeader(9 * MIB));
    await until(() => opened.deliveryBudget.firstWaiting !== undefined);
    const { acquire } = opened.deliveryBudget;
    let waited = 0;
    opened.deliveryBudget.acquire = (...request) => {
      waited += 1;
      return acquire.apply(opened.deliveryBudget, request);
    };
    const calls = await begin(DELIVER, 1, Buffer.concat(Array<Buffer>(200).fill(crumb)));
    await until(() => waited > 0);
    assert.equal(waited, 1);
    opened.deliveryBudget.acquire = acquire;
    [...holders, ...calls].forEach((call) => void call.vanish());
    await until(() => opened.deliveryBudget.held === 0 && opened.server.calls === 0);
  });

  it('of a delivery holds no memory once its cargo is stored, though nobody reads that', async () => {
    const session = http2.connect(`http://127.0.0.1:${opened.port}`, {
      settings: { initialWindowSize: 0 },
    });
    session.on('error', () => {});
    sessions.push(session);
    const stored = await opened.queue.depth(CARGO_TOPIC);
    const call = RawCall.over(session, DELIVER, { isDeaf: true });
    for (let count = 0; count < 5; count++) {
      const cargo = await phone.cargo();
      const field = Buffer.from([0x12, (cargo.length & 0x7f) | 0x80, cargo.length >> 7]);
      await call.send(Buffer.concat([messageHeader(field.length + cargo.length), field, cargo]));
    }
    await until(async () => (await opened.queue.depth(CARGO_TOPIC)) === stored + 5);
    await until(() => opened.deliveryBudget.held === 0);
    assert.equal(opened.server.calls, 1);
    call.vanish();
    await until(() => opened.server.calls === 0);
  });

  for (const path of [DELIVER, COLLECT]) {
    it(`of ${path} is ended when it comes octet by octet`, async () => {
      const [call] = await begin(path, 1, messageHeader(4_000));
      assert.ok(call);
      for (let octet = 0; octet < 300; octet++) {
        await call.send(Buffer.alloc(1));
      }
      assert.equal(await call.status, TOO_MUCH);
      await until(() => opened.deliveryBudget.held === 0);
    });
  }

  it('and goes on after it was refused is reset five seconds later', async () => {
    const [call] = await begin(CHECK, 1, messageHeader(9 * MIB));
    assert.ok(call);
    assert.equal(await call.status, TOO_MUCH);
    await call.send(Buffer.alloc(KIB));
    clock.advance(5_000);
    await call.closed;
  });

  it('and reads nothing is reset five seconds after its end, and its neighbours go on', async () => {
    const session = http2.connect(`http://127.0.0.1:${opened.port}`, {
      settings: { initialWindowSize: 0 },
    });
    session.on('error', () => {});
    sessions.push(session);
    const authorization = authorizationOf(await phone.cca());
    const call = RawCall.over(session, COLLECT, { authorization });
    await until(() => opened.collectionBudget.held > 0);
    const neighbour = RawCall.over(session, CHECK);
    const unknown = Buffer.from([0x0a, 1, 0x78]);
    await call.send(Buffer.concat([messageHeader(unknown.length), unknown]));
    await until(() => opened.collectionBudget.held === 0);
    clock.advance(5_000);
    assert.equal(await call.status, `reset: ${http2.constants.NGHTTP2_CANCEL}`);
    clock.advance(4_999);
    await settled(neighbour);
  });

  it('of a method that does not exist leaves nothing open', async () => {
    const calls = await begin('/awala.cogrpc.CargoRelay/Other', 100, messageHeader(9 * MIB));
    await Promise.all(calls.map((call) => call.closed));
  });

  /** Resolves once the server has seen what was sent, as it answers a later ping. */
  async function settled(call: RawCall): Promise<void> {
    const session = sessions.at(-1);
    await new Promise((resolve) => session?.ping(resolve));
    const pending = Symbol('pending');
    assert.equal(await Promise.race([call.status, Promise.resolve(pending)]), pending);
  }
});
