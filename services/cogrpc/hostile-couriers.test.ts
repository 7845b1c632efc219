import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { messageHeader, RawCall } from '#test/cogrpc/raw-call.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
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
    assert.deepEqual([opened.deliveryBudget.held, opened.collectionBudget.held], [0, 0]);
  }

  async function beginCollecting(of: CargoPhone, cca?: Buffer): Promise<CollectingCall> {
    const stream = courier.collect([authorizationOf(cca ?? (await of.cca()))]);
    await stream.receivedAtLeast(1);
    return stream;
  }

  it('by acknowledging an id never sent gets INVALID_ARGUMENT, and may collect again', () =>
    amidNeighbours(async () => {
      const cca = await phone.cca();
      for (const id of ['', 'x', '9'.repeat(4_000), 'c5f4c8a2-5dd3-4b7f-9c56-0f0c2f0f7f4e']) {
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
      const raw = RawCall.begin(opened.port);
      await raw.send(messageHeader(8 * MIB));
      await raw.send(Buffer.alloc(MIB));
      await until(() => opened.server.calls === calls + 1);
      raw.vanish();
      await until(() => opened.server.calls === calls);
    }));

  it('by half-closing in the middle of a cargo gets no acknowledgement', () =>
    amidNeighbours(async () => {
      const raw = RawCall.begin(opened.port);
      await raw.send(messageHeader(8 * MIB));
      await raw.send(Buffer.alloc(1_000));
      assert.equal(await raw.finish(), String(status.OK));
      assert.equal(raw.receivedOctets, 0);
      raw.vanish();
    }));

  it('by sending what is no protobuf gets INTERNAL', () =>
    amidNeighbours(async () => {
      const raw = RawCall.begin(opened.port);
      await raw.send(Buffer.concat([messageHeader(4), Buffer.alloc(4, 0xff)]));
      assert.equal(await raw.finish(), String(status.INTERNAL));
      raw.vanish();
    }));
});
