import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { BackingUnavailableError } from '#backing/errors.ts';
import { systemClock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { base64, messagesOf } from '#test/cogrpc/collected.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';

const OK = { code: status.OK, details: 'OK' };

describe('CollectCargo for', () => {
  describe('a courier', () => {
    async function withOneParcel(
      test: (
        courier: Courier,
        stream: ReturnType<Courier['collect']>,
        opened: OpenedCogrpc,
      ) => Promise<void>,
    ): Promise<void> {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
      const stream = courier.collect([authorizationOf(await phone.cca())]);
      await stream.receivedAtLeast(1);
      await test(courier, stream, opened);
    }

    it('that half-closes before acknowledging gets ABORTED', () =>
      withOneParcel(async (_, stream) => {
        stream.call.end();
        assert.equal((await stream.ended).code, status.ABORTED);
      }));

    it('that acknowledges, then half-closes, is done', () =>
      withOneParcel(async (_, stream) => {
        stream.send({ id: stream.received[0]?.id ?? '' });
        stream.call.end();
        assert.deepEqual(await stream.ended, OK);
      }));

    it('that never acknowledges gets DEADLINE_EXCEEDED', async () => {
      const clock = new ManualClock();
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
      const stream = courier.collect([authorizationOf(await phone.cca())]);
      await stream.receivedAtLeast(1);
      const ended = stream.ended.then(() => true);
      while (!(await Promise.race([ended, turn()]))) {
        clock.advance(1_000);
      }
      assert.equal((await stream.ended).code, status.DEADLINE_EXCEEDED);
    });

    it('that never reads is reset, and what it held is free again', async () => {
      const clock = new ManualClock();
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 3, octets: 8_000_000 });
      const cca = await phone.cca();
      const stream = courier.collect([authorizationOf(cca)], { isDeaf: true });
      await until(() => opened.collectionBudget.held > 0);
      while (opened.server.calls > 0) {
        clock.advance(1_000);
        await turn();
      }
      assert.equal((await stream.ended).code, status.CANCELLED);
      await until(() => opened.collectionBudget.held === 0);
    });

    it('whose deadline is near gets what fits, and then the rest by calling again', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 12, octets: 200_000 });
      const cca = await phone.cca();
      const parcels: string[] = [];
      for (let code: number = status.UNKNOWN; code !== status.OK; ) {
        const { cargoes, end } = await courier.collectAll(cca, { deadlineMs: 450 });
        code = end.code;
        parcels.push(...base64(messagesOf(phone, cargoes)));
        assert.ok([status.OK, status.DEADLINE_EXCEEDED].includes(code), end.details);
      }
      assert.equal(parcels.length, held.size);
      assert.deepEqual(new Set(parcels), held);
    });

    it('goes on when our clock is set ahead amid the call, as its time is not over', async () => {
      const clock = new ManualClock(new Date());
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 12, octets: 1_000_000 });
      const stream = courier.collect([authorizationOf(await phone.cca())], { deadlineMs: 60_000 });
      await stream.receivedAtLeast(1);
      clock.set(new Date(clock.now().getTime() + 3_600_000));
      for (let index = 0; index < held.size; index++) {
        await Promise.race([stream.receivedAtLeast(index + 1), stream.ended]);
        const delivery = stream.received[index];
        if (!delivery) {
          break;
        }
        stream.send({ id: delivery.id });
      }
      assert.deepEqual(await stream.ended, OK);
      const cargoes = stream.received.map(({ cargo }) => cargo);
      assert.deepEqual(new Set(base64(messagesOf(phone, cargoes))), held);
    });

    it('whose deadline is near gets one cargo to acknowledge, before it gets several at once', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 12, octets: 200_000 });
      const authorization = authorizationOf(await phone.cca());
      const silent = courier.collect([authorization], { deadlineMs: 1_000 });
      assert.equal((await silent.ended).code, status.DEADLINE_EXCEEDED);
      assert.equal(silent.received.length, 1);
      const started = courier.collect([authorization], { deadlineMs: 30_000 });
      await started.receivedAtLeast(1);
      started.send({ id: started.received[0]?.id ?? '' });
      await started.receivedAtLeast(3);
      assert.ok(started.received.length >= 3);
      started.call.cancel();
      await started.ended;
    });
  });

  describe('a backing service that stands still', () => {
    it('lets the courier be told before its deadline that there is more, once it got something', async () => {
      let fetched = 0;
      const stuck = Promise.withResolvers<void>();
      const objects = new InMemoryObjectStore({
        before: ({ method }) => (method === 'get' && ++fetched > 1 ? stuck.promise : undefined),
      });
      await using opened = await openCogrpc({ objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 2, octets: 1_000 });
      const cca = await phone.cca();
      const { cargoes, end } = await courier.collectAll(cca, { deadlineMs: 1_500 });
      assert.equal(cargoes.length, 1);
      assert.equal(end.code, status.DEADLINE_EXCEEDED);
      assert.match(end.details, /there is more cargo/);
      stuck.resolve();
      const rest = await courier.collectAll(cca);
      assert.deepEqual([rest.cargoes.length, rest.end], [1, OK]);
    });
  });

  describe('a failing backing service', () => {
    it('keeps one parcel that cannot be read from the courier, and no other; the next call brings it', async () => {
      let broken: string | null = null;
      const objects = new InMemoryObjectStore({
        before: (call) => {
          if (call.method === 'get' && call.key === broken) {
            throw new BackingUnavailableError('object-store', 'one object cannot be read');
          }
        },
      });
      await using opened = await openCogrpc({ objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const held = await holdParcels(opened, phone.peer, { count: 60, octets: 5_000 });
      for await (const { key } of opened.mailbox.list(phone.peer.nodeId)) {
        broken ??= key;
      }
      const cca = await phone.cca();
      const first = await courier.collectAll(cca);
      assert.equal(first.end.code, status.UNAVAILABLE);
      const early = base64(messagesOf(phone, first.cargoes));
      assert.equal(early.length, held.size - 1);
      broken = null;
      const second = await courier.collectAll(cca);
      assert.equal(second.end.code, status.OK);
      const late = base64(messagesOf(phone, second.cargoes));
      assert.equal(late.length, 1);
      assert.deepEqual(new Set([...early, ...late]), held);
    });

    it('ends the call UNAVAILABLE, and the next call goes on', async () => {
      let isDown = false;
      const objects = new InMemoryObjectStore({
        before: ({ method }) => {
          if (isDown && method === 'get') {
            throw new BackingUnavailableError('object-store', 'down');
          }
        },
      });
      await using opened = await openCogrpc({ objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 3, octets: 1_000 });
      const cca = await phone.cca();
      isDown = true;
      const failed = await courier.collectAll(cca);
      assert.deepEqual([failed.cargoes.length, failed.end.code], [0, status.UNAVAILABLE]);
      isDown = false;
      const { cargoes, end } = await courier.collectAll(cca);
      assert.deepEqual([messagesOf(phone, cargoes).length, end], [3, OK]);
      assert.equal(opened.collectionBudget.held, 0);
    });

    for (const method of ['get', 'create', 'set'] as const) {
      it(`such as the record store on ${method} is not the courier’s fault`, async () => {
        let isDown = false;
        const records = new InMemoryRecordStore({
          clock: systemClock,
          before: (call) => {
            if (isDown && call.method === method) {
              throw new BackingUnavailableError('record-store', 'down');
            }
          },
        });
        await using opened = await openCogrpc({ records });
        using courier = new Courier(opened.port);
        const phone = await CargoPhone.register(opened);
        await holdParcels(opened, phone.peer, { count: 1, octets: 1_000 });
        const cca = await phone.cca();
        isDown = true;
        assert.equal((await courier.collectAll(cca)).end.code, status.UNAVAILABLE);
      });
    }
  });
});

/** Lets what is ready happen, sockets included. */
function turn(): Promise<false> {
  return new Promise((resolve) => {
    setImmediate(() => resolve(false));
  });
}
