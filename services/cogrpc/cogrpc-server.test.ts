import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { Client, credentials, Metadata, type MethodDefinition, status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { holdParcels, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import { COGRPC_LIMITS } from './limits.ts';
import { CARGO_RELAY_NAMES, healthDefinition } from './service-definitions.ts';

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: string;
}

class HealthClient implements Disposable {
  readonly #client: Client;

  constructor(port: number) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  check(service: string): Promise<string | number> {
    const { path, requestSerialize, responseDeserialize } = definitionOf('Check');
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        { service },
        (error, response) => resolve(error ? error.code : (response?.status ?? '')),
      );
    });
  }

  watch(): { readonly seen: string[]; readonly ended: Promise<unknown> } {
    const { path, requestSerialize, responseDeserialize } = definitionOf('Watch');
    const call = this.#client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { service: '' },
      new Metadata(),
      {},
    );
    const seen: string[] = [];
    call.on('data', (response: HealthResponse) => seen.push(response.status));
    call.on('error', () => {});
    return { seen, ended: once(call, 'status') };
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}

function definitionOf(method: string): MethodDefinition<HealthRequest, HealthResponse> {
  return healthDefinition()[method] as MethodDefinition<HealthRequest, HealthResponse>;
}

describe('the CogRPC server', () => {
  describe('its health service', () => {
    it('says SERVING for the server and each name of the cargo relay', async () => {
      await using opened = await openCogrpc();
      using client = new HealthClient(opened.port);
      for (const service of ['', ...CARGO_RELAY_NAMES]) {
        assert.equal(await client.check(service), 'SERVING');
      }
    });

    it('knows no other service', async () => {
      await using opened = await openCogrpc();
      using client = new HealthClient(opened.port);
      assert.equal(await client.check('awala.cogrpc.Other'), status.NOT_FOUND);
    });

    it('tells those who watch that it stops, and lets them go', async () => {
      const opened = await openCogrpc();
      using client = new HealthClient(opened.port);
      const { seen, ended } = client.watch();
      await until(() => seen.length === 1);
      await opened[Symbol.asyncDispose]();
      await ended;
      assert.deepEqual(seen, ['SERVING', 'NOT_SERVING']);
    });
  });

  describe('draining', () => {
    it('lets what was sent be acknowledged, sends no more, and refuses new calls', async () => {
      const opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 30, octets: 200_000 });
      const stream = courier.collect([authorizationOf(await phone.cca())]);
      await stream.receivedAtLeast(5);
      const drained = opened.server.drain(60_000);
      for (const { id } of stream.received) {
        stream.send({ id });
      }
      assert.equal((await stream.ended).code, status.UNAVAILABLE);
      await drained;
      using late = new Courier(opened.port);
      assert.equal((await late.deliver({ deadlineMs: 60_000 }).ended).code, status.UNAVAILABLE);
      await opened[Symbol.asyncDispose]();
    });

    it('acknowledges cargo that is being stored', async () => {
      const gate = Promise.withResolvers<void>();
      let isStoring = false;
      const objects = new InMemoryObjectStore({
        before: ({ method }) => {
          isStoring ||= method === 'put';
          return method === 'put' ? gate.promise : undefined;
        },
      });
      const opened = await openCogrpc({ objects });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const stream = courier.deliver();
      stream.send({ id: 'id', cargo: await phone.cargo() });
      await until(() => isStoring);
      const drained = opened.server.drain(60_000);
      gate.resolve();
      assert.equal((await stream.ended).code, status.UNAVAILABLE);
      assert.deepEqual(
        stream.received.map(({ id }) => id),
        ['id'],
      );
      await drained;
      await opened[Symbol.asyncDispose]();
    });

    it('cuts off who does not come to an end within the bound', async () => {
      const clock = new ManualClock();
      const opened = await openCogrpc({ clock });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 100 });
      const stream = courier.collect([authorizationOf(await phone.cca())]);
      await stream.receivedAtLeast(1);
      const drained = opened.server.drain(10_000);
      clock.advance(10_000);
      await drained;
      assert.equal((await stream.ended).code, status.UNAVAILABLE);
      await opened[Symbol.asyncDispose]();
    });

    it('does not wait for connections without calls', async () => {
      const opened = await openCogrpc();
      using courier = new Courier(opened.port);
      const stream = courier.deliver();
      stream.call.end();
      await stream.ended;
      const idle = connect(opened.port, '127.0.0.1');
      await once(idle, 'connect');
      await opened.server.drain(200);
      await opened[Symbol.asyncDispose]();
      idle.destroy();
    });
  });

  describe('its limits', () => {
    it('are UNAVAILABLE for one delivery too many, until another ends', async () => {
      await using opened = await openCogrpc({ limits: { maxDeliveries: 1 } });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      const first = courier.deliver();
      first.send({ id: 'one', cargo: await phone.cargo() });
      await first.receivedAtLeast(1);
      assert.equal((await courier.deliver().ended).code, status.UNAVAILABLE);
      first.call.end();
      await first.ended;
      await until(() => opened.server.calls === 0);
      const next = courier.deliver();
      next.call.end();
      assert.equal((await next.ended).code, status.OK);
    });

    it('are UNAVAILABLE for one collection too many', async () => {
      await using opened = await openCogrpc({ limits: { maxCollections: 1 } });
      using courier = new Courier(opened.port);
      const phone = await CargoPhone.register(opened);
      await holdParcels(opened, phone.peer, { count: 1, octets: 100 });
      const first = courier.collect([authorizationOf(await phone.cca())]);
      await first.receivedAtLeast(1);
      assert.equal((await courier.collectAll(await phone.cca())).end.code, status.UNAVAILABLE);
      first.send({ id: first.received[0]?.id ?? '' });
      assert.equal((await first.ended).code, status.OK);
    });

    it('answer a courier that nothing could be sent to before it gives up', async () => {
      const stuck = { isOn: false };
      const before = () => (stuck.isOn ? new Promise<void>(() => {}) : undefined);
      const clock = new ManualClock(new Date());
      const records = new InMemoryRecordStore({ clock, before });
      await using opened = await openCogrpc({ records, clock });
      using courier = new Courier(opened.port);
      const cca = await (await CargoPhone.register(opened)).cca();
      stuck.isOn = true;
      const collecting = courier.collectAll(cca, { deadlineMs: 60_000 });
      await until(() => opened.server.calls === 1);
      clock.advance(59_500);
      const { end } = await collecting;
      assert.equal(end.code, status.UNAVAILABLE);
      assert.match(end.details, /too slow/);
    });

    it('end a call without a deadline of its own', async () => {
      const clock = new ManualClock();
      const limits = { firstCargoMs: 10 * COGRPC_LIMITS.maxCallMs };
      await using opened = await openCogrpc({ clock, limits });
      using courier = new Courier(opened.port);
      const stream = courier.deliver();
      await until(() => opened.server.calls === 1);
      clock.advance(COGRPC_LIMITS.maxCallMs);
      assert.equal((await stream.ended).code, status.DEADLINE_EXCEEDED);
    });

    it('close one connection too many', async () => {
      await using opened = await openCogrpc({ limits: { maxConnections: 1 } });
      const first = connect(opened.port, '127.0.0.1');
      await once(first, 'connect');
      const second = connect(opened.port, '127.0.0.1');
      second.on('error', () => {});
      await once(second, 'close');
      first.destroy();
    });
  });

  it('survives what is not HTTP/2', async () => {
    await using opened = await openCogrpc();
    const socket = connect(opened.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    using client = new HealthClient(opened.port);
    assert.equal(await client.check(''), 'SERVING');
  });
});
