import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { INTERNET_DELIVERY_TOPIC } from '#gateway/held/topics.ts';
import { until } from '#test/runtime/until.ts';
import { PoisonJobError } from '#work-queue/port.ts';
import { OpenedGateway } from '../workers/opened-gateway.ts';

type Road = 'poweb' | 'cargo';
type Meanwhile = 'is stored' | 'was collected';

/**
 * How often a parcel goes on that comes twice: where every parcel is recorded, as in one process on
 * SQLite, and where not. Roads are those of the same private gateway; see
 * docs/decisions/accepted-parcels.md for why not all are 1.
 */
const GATEWAY_BOUND: readonly [Road, Meanwhile, Road, { all: number; some: number }][] = [
  ['cargo', 'is stored', 'cargo', { all: 1, some: 1 }],
  ['cargo', 'is stored', 'poweb', { all: 1, some: 1 }],
  ['poweb', 'is stored', 'cargo', { all: 1, some: 1 }],
  ['poweb', 'is stored', 'poweb', { all: 1, some: 1 }],
  ['cargo', 'was collected', 'cargo', { all: 1, some: 1 }],
  ['cargo', 'was collected', 'poweb', { all: 1, some: 2 }],
  ['poweb', 'was collected', 'cargo', { all: 1, some: 2 }],
  ['poweb', 'was collected', 'poweb', { all: 1, some: 2 }],
];

describe('A parcel that comes twice', () => {
  async function accept(opened: OpenedGateway, parcel: Uint8Array, road: Road): Promise<void> {
    const { intake } = opened.gateway;
    const from = { privateGateway: opened.phone.nodeId, isEstablished: false, road };
    await intake.acceptFromPrivateGateway(intake.read(parcel), from);
  }

  /** As a collector does, or a worker that delivered it. @returns how many there were */
  async function takeAll(opened: OpenedGateway): Promise<number> {
    const keys = await opened.keys('parcels/');
    for (const key of keys) {
      await opened.objects.delete(key);
    }
    return keys.length;
  }

  async function timesTaken(
    opened: OpenedGateway,
    parcel: Uint8Array,
    [first, meanwhile, second]: readonly [Road, Meanwhile, Road],
  ): Promise<number> {
    await accept(opened, parcel, first);
    const before = meanwhile === 'was collected' ? await takeAll(opened) : 0;
    await accept(opened, parcel, second);
    return before + (await takeAll(opened));
  }

  for (const [first, meanwhile, second, times] of GATEWAY_BOUND) {
    for (const recorded of ['all', 'some'] as const) {
      const often = times[recorded] === 1 ? 'once' : 'twice';
      it(`for a private endpoint, by ${second} while that by ${first} ${meanwhile}, is collected ${often} where ${recorded} are recorded`, async () => {
        await using opened = await OpenedGateway.open({ recordsEveryParcel: recorded === 'all' });
        const parcel = await opened.gatewayBound();
        assert.equal(await timesTaken(opened, parcel, [first, meanwhile, second]), times[recorded]);
      });
    }
  }

  for (const [first, meanwhile, second] of GATEWAY_BOUND) {
    const state = meanwhile === 'was collected' ? 'was delivered' : meanwhile;
    it(`for an Internet app, by ${second} while that by ${first} ${state}, is delivered once`, async () => {
      await using opened = await OpenedGateway.open();
      const parcel = await opened.internetBound();
      assert.equal(await timesTaken(opened, parcel, [first, meanwhile, second]), 1);
    });
  }

  it('is acknowledged by cargo if it came by cargo, in whichever order', async () => {
    for (const [first, second] of [
      ['cargo', 'poweb'],
      ['poweb', 'cargo'],
      ['cargo', 'cargo'],
    ] as const) {
      for (const bound of ['gatewayBound', 'internetBound'] as const) {
        await using opened = await OpenedGateway.open();
        await timesTaken(opened, await opened[bound]({ id: 'one' }), [
          first,
          'was collected',
          second,
        ]);
        const entries = await Array.fromAsync(
          opened.gateway.acceptedParcels.list(opened.phone.nodeId),
        );
        const ids = entries.map(({ parcelId }) => parcelId);
        assert.deepEqual(ids, ['one'], `${bound} by ${first}, then ${second}`);
      }
    }
  });

  it('is not acknowledged by cargo if it came by PoWeb only, as it was when it came', async () => {
    await using opened = await OpenedGateway.open({ recordsEveryParcel: true });
    for (const parcel of [await opened.gatewayBound(), await opened.internetBound()]) {
      await timesTaken(opened, parcel, ['poweb', 'was collected', 'poweb']);
    }
    const entries = await Array.fromAsync(opened.gateway.acceptedParcels.list(opened.phone.nodeId));
    assert.deepEqual(entries, []);
  });

  it('is accepted by PoWeb for a private endpoint while records are away, even where every parcel is recorded', async () => {
    await using opened = await OpenedGateway.open({ recordsEveryParcel: true });
    const parcel = await opened.gatewayBound();
    opened.beforeRecords = () => {
      throw new BackingUnavailableError('record-store', 'told to fail');
    };
    await accept(opened, parcel, 'poweb');
    assert.equal(await takeAll(opened), 1);
    await assert.rejects(accept(opened, parcel, 'cargo'), BackingUnavailableError);
    await assert.rejects(
      accept(opened, await opened.internetBound(), 'poweb'),
      BackingUnavailableError,
    );
  });

  it('is accepted by PoWeb for a private endpoint though records do not answer at all', async () => {
    await using opened = await OpenedGateway.open({ recordsEveryParcel: true });
    const parcel = await opened.gatewayBound();
    const { promise, resolve } = Promise.withResolvers<void>();
    const asked: string[] = [];
    opened.beforeRecords = ({ method }) => {
      asked.push(method);
      return promise;
    };
    const accepted = accept(opened, parcel, 'poweb');
    for (const method of ['get', 'create']) {
      await until(() => asked.at(-1) === method);
      opened.clock.advance(500);
    }
    await accepted;
    assert.equal(await takeAll(opened), 1);
    resolve();
  });

  it('is kept for as long as the copy that lives longest', async () => {
    for (const [first, second] of [
      ['poweb', 'cargo'],
      ['cargo', 'poweb'],
      ['cargo', 'cargo'],
    ] as const) {
      await using opened = await OpenedGateway.open({ recordsEveryParcel: true });
      await accept(opened, await opened.gatewayBound({ id: 'one', ttlSeconds: 60 }), first);
      const remade = await opened.gatewayBound({ id: 'one', ttlSeconds: 3_600 });
      await accept(opened, remade, second);
      opened.clock.advance(1_800_000);
      const [held = ''] = await opened.held(opened.phone);
      assert.deepEqual((await opened.objects.get(held))?.body, remade, `${first}, ${second}`);
      const entries = await Array.fromAsync(
        opened.gateway.acceptedParcels.list(opened.phone.nodeId),
      );
      assert.equal(entries.length, 1, `${first}, ${second}`);
      await takeAll(opened);
      await accept(opened, remade, 'poweb');
      assert.equal(await takeAll(opened), 0, `${first}, ${second}`);
    }
  });

  it('is acknowledged by cargo though PoWeb recorded it last', async () => {
    await using opened = await OpenedGateway.open({ recordsEveryParcel: true });
    const parcel = await opened.gatewayBound();
    await accept(opened, parcel, 'cargo');
    opened.beforeRecords = ({ method }) => {
      if (method === 'get') {
        throw new BackingUnavailableError('record-store', 'told to fail');
      }
    };
    await accept(opened, parcel, 'poweb');
    opened.beforeRecords = () => {};
    const entries = await Array.fromAsync(opened.gateway.acceptedParcels.list(opened.phone.nodeId));
    assert.equal(entries.length, 1);
  });

  it('is known by its ids and its end where a former version recorded it', async () => {
    await using opened = await OpenedGateway.open();
    const parcel = await opened.internetBound({ id: 'one', ttlSeconds: 60 });
    const { sender, recipient, expiresAt } = opened.gateway.intake.read(parcel);
    const ids = { senderId: sender.nodeId, recipientId: recipient.id, parcelId: 'one' };
    const handed = { privateGateway: opened.phone.nodeId, heldFor: null };
    await opened.gateway.acceptedParcels.record({ ...handed, ...ids, expiresAt, byCargo: false });
    await accept(opened, parcel, 'poweb');
    assert.equal(await takeAll(opened), 0);
    const remade = await opened.internetBound({ id: 'one', ttlSeconds: 61 });
    await accept(opened, remade, 'poweb');
    assert.equal(await takeAll(opened), 1);
    await accept(opened, remade, 'poweb');
    assert.equal(await takeAll(opened), 0);
  });

  it('is replaced by another with its ids, though its job was set aside', async () => {
    await using opened = await OpenedGateway.open();
    const options = { concurrency: 1, maxAttempts: 1, visibilityTimeoutMs: 60_000 };
    const setAside = async () => (await Array.fromAsync(opened.queue.listSetAside())).length;
    await accept(opened, await opened.internetBound({ id: 'one' }), 'poweb');
    const refuse = () => Promise.reject(new PoisonJobError('told to'));
    const consumer = opened.queue.consume(INTERNET_DELIVERY_TOPIC, refuse, options);
    await until(async () => (await setAside()) === 1);
    await consumer.close({ drainMs: 0 });
    await accept(opened, await opened.internetBound({ id: 'one', ttlSeconds: 60 }), 'poweb');
    assert.equal(await setAside(), 0);
    assert.equal(await opened.queue.depth(INTERNET_DELIVERY_TOPIC), 1);
  });

  it('replaces another with its ids for as long as eight did, and no longer knows those before', async () => {
    await using opened = await OpenedGateway.open();
    const made = [];
    for (let index = 0; index < 10; index++) {
      made.push(await opened.internetBound({ id: 'one', payload: Buffer.from(`${index}`) }));
    }
    for (const parcel of made) {
      await accept(opened, parcel, 'poweb');
      assert.equal(await takeAll(opened), 1);
    }
    const timesAgain = [];
    for (const parcel of [...made].reverse()) {
      await accept(opened, parcel, 'poweb');
      timesAgain.push(await takeAll(opened));
    }
    assert.deepEqual(timesAgain, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  });

  it('is forgotten when it expires: then it is no longer accepted', async () => {
    await using opened = await OpenedGateway.open();
    const parcel = await opened.internetBound();
    await accept(opened, parcel, 'cargo');
    await takeAll(opened);
    opened.clock.advance(3_600_001);
    await assert.rejects(accept(opened, parcel, 'cargo'), { code: 'expired' });
    assert.equal(await takeAll(opened), 0);
  });
});
