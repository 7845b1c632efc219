import assert from 'node:assert/strict';
import http2, { type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { authorizationOf, Courier } from '#test/cogrpc/courier.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/cogrpc/phone.ts';
import { until } from '#test/runtime/until.ts';

const OK = { code: status.OK, details: 'OK' };
const MIB = 1_024 * 1_024;

type CollectingCall = ReturnType<Courier['collect']>;

describe('A courier that misbehaves', () => {
  let opened: OpenedCogrpc;
  let courier: Courier;
  let phone: CargoPhone;
  let neighbourPhone: CargoPhone;

  before(async () => {
    opened = await openCogrpc({ clock: new ManualClock() });
    courier = new Courier(opened.port);
    phone = await CargoPhone.register(opened);
    neighbourPhone = await CargoPhone.register(opened, { name: 'neighbour' });
    await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
    await holdParcels(opened, neighbourPhone.peer, { count: 1, octets: 1_000 });
  });
  after(async () => {
    courier[Symbol.dispose]();
    await opened[Symbol.asyncDispose]();
  });

  /** Runs `misbehave` amid two calls over the same connection, which must end well. */
  async function amidNeighbours(misbehave: () => Promise<void>): Promise<void> {
    const collecting = await beginCollecting(neighbourPhone);
    const delivering = courier.deliver();
    delivering.send({ id: 'before', cargo: await neighbourPhone.cargo() });
    await delivering.receivedAtLeast(1);
    await misbehave();
    collecting.send({ id: collecting.received[0]?.id ?? '' });
    assert.deepEqual(await collecting.ended, OK);
    delivering.send({ id: 'after', cargo: await neighbourPhone.cargo() });
    await delivering.receivedAtLeast(2);
    delivering.call.end();
    assert.deepEqual(await delivering.ended, OK);
    assert.deepEqual(
      [opened.deliveryBudget.heldOctets, opened.collectionBudget.heldOctets],
      [0, 0],
    );
  }

  async function beginCollecting(of: CargoPhone, cca?: Buffer): Promise<CollectingCall> {
    const stream = courier.collect([authorizationOf(cca ?? (await of.cca()))]);
    await stream.receivedAtLeast(1);
    return stream;
  }

  it('by acknowledging an id never sent gets INVALID_ARGUMENT, and may collect again', () =>
    amidNeighbours(async () => {
      const cca = await phone.cca();
      for (const id of ['', 'x', '9'.repeat(100_000), 'c5f4c8a2-5dd3-4b7f-9c56-0f0c2f0f7f4e']) {
        const stream = await beginCollecting(phone, cca);
        stream.send({ id });
        assert.equal((await stream.ended).code, status.INVALID_ARGUMENT, id);
      }
      const { cargoes, end } = await courier.collectAll(cca);
      assert.deepEqual([cargoes.length, end], [1, OK]);
    }));

  it('by acknowledging before anything is sent gets INVALID_ARGUMENT', () =>
    amidNeighbours(async () => {
      const stream = courier.collect([authorizationOf(await phone.cca())]);
      stream.send({ id: 'too early' });
      assert.equal((await stream.ended).code, status.INVALID_ARGUMENT);
    }));

  it('by acknowledging one cargo twice gets INVALID_ARGUMENT, unless all was acknowledged', () =>
    amidNeighbours(async () => {
      const held = await holdParcels(opened, phone.peer, { count: 3, octets: 3 * MIB });
      assert.equal(held.size, 3);
      const stream = await beginCollecting(phone);
      const [first] = stream.received;
      assert.ok(first);
      stream.send(first);
      stream.send(first);
      assert.equal((await stream.ended).code, status.INVALID_ARGUMENT);
      const { end } = await courier.collectAll(await phone.cca());
      assert.deepEqual(end, OK);
    }));

  it('by never half-closing is done all the same once it acknowledged everything', () =>
    amidNeighbours(async () => {
      const { end } = await courier.collectAll(await phone.cca());
      assert.deepEqual(end, OK);
    }));

  for (const [what, values] of [
    ['in one value', [MIB]],
    ['in many', Array<number>(64).fill(MIB / 64)],
  ] as const) {
    it(`by sending metadata of a megabyte ${what} loses its connection, and nobody else does`, () =>
      amidNeighbours(async () => {
        using alone = new Courier(opened.port);
        const authorization = values.map((octets) => `Relaynet-CCA ${'A'.repeat(octets)}`);
        const { code } = await alone.collect(authorization).ended;
        assert.equal(code, status.INTERNAL);
        // It connects anew.
        assert.deepEqual((await alone.collectAll(await phone.cca())).end, OK);
      }));
  }

  it('by vanishing in the middle of a cargo leaves nothing behind', () =>
    amidNeighbours(async () => {
      const calls = opened.server.calls;
      const raw = RawDelivery.begin(opened.port);
      await raw.send(frameHeader(8 * MIB));
      await raw.send(Buffer.alloc(MIB));
      await until(() => opened.server.calls === calls + 1);
      raw.vanish();
      await until(() => opened.server.calls === calls);
    }));

  it('by half-closing in the middle of a cargo gets no acknowledgement', () =>
    amidNeighbours(async () => {
      const raw = RawDelivery.begin(opened.port);
      await raw.send(frameHeader(8 * MIB));
      await raw.send(Buffer.alloc(1_000));
      assert.equal(await raw.finish(), String(status.OK));
      assert.equal(raw.receivedOctets, 0);
      raw.vanish();
    }));

  it('by sending what is no protobuf gets INTERNAL', () =>
    amidNeighbours(async () => {
      const raw = RawDelivery.begin(opened.port);
      await raw.send(Buffer.concat([frameHeader(4), Buffer.alloc(4, 0xff)]));
      assert.equal(await raw.finish(), String(status.INTERNAL));
      raw.vanish();
    }));
});

/** Length-prefixed message of gRPC, not compressed. */
function frameHeader(octets: number): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(octets, 1);
  return header;
}

/** `DeliverCargo` on bare HTTP/2, over a connection of its own, since gRPC’s client sends whole messages only. */
class RawDelivery {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #status: Promise<string>;
  /** Of acknowledgements. */
  receivedOctets = 0;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
    this.#stream = session.request({
      ':method': 'POST',
      ':path': '/awala.cogrpc.CargoRelay/DeliverCargo',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.#status = new Promise((resolve) => {
      const note = (headers: http2.IncomingHttpHeaders) => {
        if (headers['grpc-status'] !== undefined) {
          resolve(String(headers['grpc-status']));
        }
      };
      this.#stream.on('response', note);
      this.#stream.on('trailers', note);
      this.#stream.on('close', () => resolve(`reset: ${this.#stream.rstCode}`));
    });
    session.on('error', () => {});
    this.#stream.on('error', () => {});
    this.#stream.on('data', ({ length }: Buffer) => {
      this.receivedOctets += length;
    });
  }

  static begin(port: number): RawDelivery {
    return new RawDelivery(http2.connect(`http://127.0.0.1:${port}`));
  }

  send(octets: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.#stream.write(octets, () => resolve());
    });
  }

  /** Half-closes. @returns the gRPC status, or how the stream was reset */
  finish(): Promise<string> {
    this.#stream.end();
    return this.#status;
  }

  vanish(): void {
    this.#session.destroy();
  }
}
