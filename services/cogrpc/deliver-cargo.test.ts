import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { CARGO_TOPIC } from '#gateway/held/topics.ts';
import type { LogFields } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { privateGateway } from '#test/builders/peers.ts';
import { foreignGateway, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier, type CourierStream } from '#test/peers/courier.ts';
import { recordingLog } from '#test/runtime/recording-log.ts';
import { until } from '#test/runtime/until.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import type { CargoDelivery, CargoDeliveryAck } from './service-definitions.ts';

type Delivery = CourierStream<CargoDelivery, CargoDeliveryAck>;

const OK = { code: status.OK, details: 'OK' };

function ids(stream: Delivery): string[] {
  return stream.received.map(({ id }) => id).sort();
}

async function storedCargoes({ objects }: OpenedCogrpc): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list('cargo/')) {
    keys.push(key);
  }
  return keys;
}

describe('DeliverCargo', () => {
  it('leaves a courier all the time that it has to send its cargo', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const { code } = await courier.deliver({ deadlineMs: 800 }).ended;
    assert.equal(code, status.DEADLINE_EXCEEDED);
  });

  it('acknowledges each cargo once it is stored and queued, and ends with the courier', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const cargoes = await Promise.all([phone.cargo(), phone.cargo(), phone.cargo()]);
    const stream = courier.deliver();
    cargoes.forEach((cargo, index) => void stream.send({ id: `id-${index}`, cargo }));
    await stream.receivedAtLeast(3);
    assert.deepEqual(ids(stream), ['id-0', 'id-1', 'id-2']);
    const keys = await storedCargoes(opened);
    assert.equal(keys.length, 3);
    assert.ok(keys.every((key) => key.startsWith(`cargo/${phone.peer.nodeId}/`)));
    assert.equal(await opened.queue.depth(CARGO_TOPIC), 3);
    stream.call.end();
    assert.deepEqual(await stream.ended, OK);
    assert.equal(opened.deliveryBudget.held, 0);
  });

  it('stores the cargo as it came, until it expires', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const cargo = await phone.cargo([Buffer.from('anything')]);
    const stream = courier.deliver();
    stream.send({ id: 'id', cargo });
    await stream.receivedAtLeast(1);
    const [key = ''] = await storedCargoes(opened);
    const stored = await opened.objects.get(key);
    assert.deepEqual(Buffer.from(stored?.body ?? []), cargo);
    assert.deepEqual(stored?.expiresAt, opened.verifier.read(cargo, 'cargo').expiresAt);
    stream.call.cancel();
    await stream.ended;
  });

  it('acknowledges nothing and ends OK for a courier without cargo', async () => {
    await using opened = await openCogrpc();
    using courier = new Courier(opened.port);
    const stream = courier.deliver();
    stream.call.end();
    assert.deepEqual(await stream.ended, OK);
  });

  it('is content with a courier that hangs up once all is acknowledged', async () => {
    const logged: [string, LogFields][] = [];
    await using opened = await openCogrpc({ log: recordingLog(logged) });
    using courier = new Courier(opened.port);
    const phone = await CargoPhone.register(opened);
    const stream = courier.deliver();
    stream.send({ id: 'id', cargo: await phone.cargo() });
    await stream.receivedAtLeast(1);
    stream.call.cancel();
    await until(() => opened.server.calls === 0);
    assert.deepEqual(
      logged
        .map(([entry]) => entry)
        .filter((entry) => !/^debug |accepted a cargo|courier delivered|certificate/i.test(entry)),
      [],
    );
  });

  describe('a cargo that is not valid', () => {
    const refusals: [string, string, (phone: CargoPhone) => Promise<Uint8Array>][] = [
      ['of no octets', 'malformed', async () => new Uint8Array()],
      ['of random octets', 'malformed', async () => randomBytes(5_000)],
      ['that is a CCA', 'malformed', (phone) => phone.cca()],
      ['that was changed', 'signature', async (phone) => changed(await phone.cargo())],
    ];
    for (const [what, reason, make] of refusals) {
      it(`${what} is acknowledged, counted and dropped`, async () => {
        const counted: string[] = [];
        const metrics = { ...noMetrics, cargoRefused: (why: string) => void counted.push(why) };
        await using opened = await openCogrpc({ metrics });
        using courier = new Courier(opened.port);
        const phone = await CargoPhone.register(opened);
        const stream = courier.deliver();
        stream.send({ id: 'bad', cargo: await make(phone) });
        stream.send({ id: 'good', cargo: await phone.cargo() });
        await stream.receivedAtLeast(2);
        assert.deepEqual(ids(stream), ['bad', 'good']);
        assert.deepEqual(counted, [reason]);
        assert.equal((await storedCargoes(opened)).length, 1);
        stream.call.cancel();
        await stream.ended;
      });
    }

    it('whose sender we never registered is acknowledged and dropped', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const now = opened.clock.now();
      const phone = await CargoPhone.register(opened);
      const validity = {
        notBefore: new Date(now.getTime() - 3_600_000),
        notAfter: new Date(now.getTime() + 86_400_000),
      };
      const stranger = await privateGateway('stranger', await foreignGateway(now), validity);
      const stream = courier.deliver();
      stream.send({ id: 'id', cargo: await phone.cargo([], { from: stranger }) });
      const recipient = { id: (await foreignGateway(now)).nodeId };
      stream.send({ id: 'for another', cargo: await phone.cargo([], { recipient }) });
      await stream.receivedAtLeast(2);
      assert.deepEqual(await storedCargoes(opened), []);
      stream.call.cancel();
      await stream.ended;
    });
  });

  describe('a failing backing service', () => {
    for (const error of [
      new BackingUnavailableError('object-store', 'down'),
      new BackingFullError('object-store', 'full'),
    ]) {
      it(`(${error.code}) ends the call UNAVAILABLE without an acknowledgement`, async () => {
        const objects = new InMemoryObjectStore({
          before: ({ method }) => {
            if (method === 'put') {
              throw error;
            }
          },
        });
        await using opened = await openCogrpc({ objects });
        using courier = new Courier(opened.port);
        const phone = await CargoPhone.register(opened);
        const stream = courier.deliver();
        stream.send({ id: 'id', cargo: await phone.cargo() });
        assert.equal((await stream.ended).code, status.UNAVAILABLE);
        assert.deepEqual(stream.received, []);
        assert.equal(opened.deliveryBudget.held, 0);
      });
    }

    it('keeps nothing from being acknowledged that was stored before', async () => {
      let puts = 0;
      const objects = new InMemoryObjectStore({
        before: ({ method }) => {
          if (method === 'put' && ++puts === 2) {
            throw new BackingUnavailableError('object-store', 'down');
          }
        },
      });
      await using opened = await openCogrpc({ objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const stream = courier.deliver();
      stream.send({ id: 'first', cargo: await phone.cargo() });
      stream.send({ id: 'second', cargo: await phone.cargo() });
      assert.equal((await stream.ended).code, status.UNAVAILABLE);
      assert.deepEqual(ids(stream), ['first']);
    });

    it('such as the queue does not matter: what is stored is acknowledged', async () => {
      const logged: [string, LogFields][] = [];
      const queue = new InMemoryWorkQueue();
      await queue[Symbol.asyncDispose]();
      await using opened = await openCogrpc({ queue, log: recordingLog(logged) });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const stream = courier.deliver();
      stream.send({ id: 'id', cargo: await phone.cargo() });
      await stream.receivedAtLeast(1);
      assert.equal((await storedCargoes(opened)).length, 1);
      assert.ok(logged.some(([entry]) => /^warn Could not queue a cargo/.test(entry)));
      stream.call.cancel();
      await stream.ended;
    });
  });

  describe('a courier', () => {
    it('that sends more than the largest message gets RESOURCE_EXHAUSTED', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const stream = courier.deliver();
      stream.send({ id: 'id', cargo: new Uint8Array(9_437_184 + 2_048) });
      assert.equal((await stream.ended).code, status.RESOURCE_EXHAUSTED);
    });

    it('that sends the largest message gets it acknowledged', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const stream = courier.deliver();
      const id = 'c5f4c8a2-5dd3-4b7f-9c56-0f0c2f0f7f4e';
      stream.send({ id, cargo: new Uint8Array(9_437_184) });
      await stream.receivedAtLeast(1);
      assert.deepEqual(ids(stream), [id]);
      stream.call.end();
      assert.deepEqual(await stream.ended, OK);
    });

    it('that sends a delivery id of a kilobyte gets INVALID_ARGUMENT', async () => {
      await using opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const stream = courier.deliver();
      stream.send({ id: 'x'.repeat(1_024), cargo: new Uint8Array(1) });
      assert.equal((await stream.ended).code, status.INVALID_ARGUMENT);
    });

    it('that neither sends nor half-closes gets DEADLINE_EXCEEDED after 10 s, 30 s after cargo', async () => {
      const clock = new ManualClock();
      await using opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const silent = courier.deliver();
      const paused = courier.deliver();
      paused.send({ id: 'id', cargo: await phone.cargo() });
      await paused.receivedAtLeast(1);
      await until(() => opened.server.calls === 2);
      clock.advance(10_000);
      assert.equal((await silent.ended).code, status.DEADLINE_EXCEEDED);
      await until(() => opened.server.calls === 1);
      clock.advance(19_999);
      paused.send({ id: 'another', cargo: await phone.cargo() });
      await paused.receivedAtLeast(2);
      clock.advance(30_000);
      assert.equal((await paused.ended).code, status.DEADLINE_EXCEEDED);
    });

    it('that sends many at once has no more than its window stored at a time', async () => {
      const gate = Promise.withResolvers<void>();
      let [underWay, most] = [0, 0];
      const objects = new InMemoryObjectStore({
        before: async ({ method }) => {
          if (method === 'put') {
            underWay += 1;
            most = Math.max(most, underWay);
            await gate.promise;
            underWay -= 1;
          }
        },
      });
      await using opened = await openCogrpc({ objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const stream = courier.deliver();
      for (let index = 0; index < 12; index++) {
        stream.send({ id: String(index), cargo: await phone.cargo() });
      }
      await until(() => underWay === 5);
      gate.resolve();
      await stream.receivedAtLeast(12);
      assert.equal(most, 5);
      stream.call.end();
      assert.deepEqual(await stream.ended, OK);
    });

    it('that hangs up with cargo under way leaves no memory taken', async () => {
      const gate = Promise.withResolvers<void>();
      const objects = new InMemoryObjectStore({
        before: ({ method }) => (method === 'put' ? gate.promise : undefined),
      });
      await using opened = await openCogrpc({ objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const stream = courier.deliver();
      for (let index = 0; index < 8; index++) {
        stream.send({ id: String(index), cargo: await phone.cargo() });
      }
      await until(() => opened.deliveryBudget.held > 0);
      stream.call.cancel();
      await until(() => opened.server.calls === 0);
      gate.resolve();
      await until(() => opened.deliveryBudget.held === 0);
    });
  });
});

function changed(cargo: Buffer): Buffer {
  cargo[cargo.length - 1] = (cargo.at(-1) ?? 0) ^ 1;
  return cargo;
}
