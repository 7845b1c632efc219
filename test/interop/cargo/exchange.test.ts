import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StreamingMode } from '@relaycorp/relaynet-core';
import { DohServer } from '#test/peers/doh-server.ts';
import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import { JsApp } from '#test/peers/js/app.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsInternetApp } from '#test/peers/js/internet-app.ts';
import { acknowledge, openCargoes, parcelsIn } from '#test/peers/js/opened-cargo.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { makePing } from '#test/peers/js/ping.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { until } from '#test/runtime/until.ts';
import { BOTH_FORMS, type ReachableGateway } from '../support/both-forms.ts';

for (const form of BOTH_FORMS) {
  describe(`a phone and a courier on the deployed libraries, with a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    /** Parcels for private endpoints: see docs/decisions/accepted-parcels.md. */
    const timesByBothRoads = form.recordsEveryParcel ? 1 : 2;
    const opened = new AsyncDisposableStack();
    let doh: DohServer;
    let gateway: ReachableGateway;
    let courier: JsCourier;

    before(async () => {
      doh = opened.use(await DohServer.start());
      gateway = opened.use(await form.start(doh.environment));
      courier = new JsCourier(gateway.listening.cogrpc);
    });

    after(() => opened.disposeAsync());

    /** A phone of its own for a test: nothing of any other's is held for it. */
    async function registerPhone() {
      const registered = await JsPhone.register(gateway.listening.poweb);
      return { registered, phone: await JsPrivateGateway.of(registered) };
    }

    async function collectByPoweb(phone: JsPhone): Promise<Buffer[]> {
      const mode = StreamingMode.CLOSE_UPON_COMPLETION;
      const parcels: Buffer[] = [];
      for await (const collection of phone.client.collectParcels([phone.collectionSigner], mode)) {
        await collection.deserializeAndValidateParcel();
        parcels.push(Buffer.from(collection.parcelSerialized));
        await collection.ack();
      }
      return parcels;
    }

    async function makeParcels(phone: JsPhone, ...payloads: string[]): Promise<Buffer[]> {
      const parcels = payloads.map((payload) => phone.makeParcel(Buffer.from(payload)));
      return (await Promise.all(parcels)).map((parcel) => Buffer.from(parcel));
    }

    async function keys(prefix: string): Promise<string[]> {
      return (await Array.fromAsync(gateway.objects.list(prefix))).map(({ key }) => key);
    }

    /** Resolves once everything that couriers delivered was unpacked. */
    const unpacked = () => until(async () => (await keys('cargo/')).length === 0);

    it('deliver cargo, whose parcels are collected over PoWeb and acknowledged in cargo', async () => {
      const { registered, phone } = await registerPhone();
      const parcels = await makeParcels(registered, 'one', 'two', 'three');
      await courier.deliver(await phone.cargoes(parcels));
      await unpacked();
      const collected = await collectByPoweb(registered);
      assert.deepEqual(sorted(collected), sorted(parcels));
      const cargo = await openCargoes(phone, await courier.collectAll(await phone.cca()));
      assert.equal(cargo.parcels.length, 0);
      assert.deepEqual(
        sorted(cargo.acknowledgements.map((ack) => Buffer.from(ack.serialize()))),
        sorted(await acknowledge(parcels)),
      );
      assert.deepEqual(await keys(''), []);
    });

    it('collect parcels as cargo until they acknowledge them in cargo, which empties the store', async () => {
      const { registered, phone } = await registerPhone();
      const parcels = await makeParcels(registered, 'one', 'two', 'three');
      for (const parcel of parcels) {
        await registered.deliver(new Uint8Array(parcel).buffer);
      }
      const collected = await parcelsIn(phone, await courier.collectAll(await phone.cca()));
      assert.deepEqual(sorted(collected), sorted(parcels));
      const again = await parcelsIn(phone, await courier.collectAll(await phone.cca()));
      assert.deepEqual(sorted(again), sorted(parcels));
      await courier.deliver(await phone.cargoes(await acknowledge(collected)));
      await unpacked();
      assert.deepEqual(await keys(''), []);
      assert.deepEqual(await courier.collectAll(await phone.cca()), []);
      assert.deepEqual(await collectByPoweb(registered), []);
    });

    it('deliver a parcel twice as cargo and once over PoWeb, and it is collected once', async () => {
      const { registered, phone } = await registerPhone();
      const [parcel = Buffer.of()] = await makeParcels(registered, 'again and again');
      await courier.deliver(await phone.cargoes([parcel]));
      await registered.deliver(new Uint8Array(parcel).buffer);
      await courier.deliver(await phone.cargoes([parcel, parcel]));
      await unpacked();
      assert.deepEqual(await collectByPoweb(registered), [parcel]);
      await courier.deliver(await phone.cargoes([parcel]));
      await unpacked();
      assert.deepEqual(await collectByPoweb(registered), []);
      const { parcels, acknowledgements } = await openCargoes(
        phone,
        await courier.collectAll(await phone.cca()),
      );
      assert.equal(parcels.length, 0);
      assert.equal(acknowledgements.length, 1);
    });

    it(`deliver a parcel over PoWeb that is collected, then as cargo, and it is collected ${timesByBothRoads === 1 ? 'once' : 'again'}`, async () => {
      const { registered, phone } = await registerPhone();
      const [first = Buffer.of(), second = Buffer.of()] = await makeParcels(registered, 'a', 'b');
      await registered.deliver(new Uint8Array(first).buffer);
      await courier.deliver(await phone.cargoes([second]));
      await unpacked();
      const collected = await collectByPoweb(registered);
      await courier.deliver(await phone.cargoes([first]));
      await unpacked();
      await registered.deliver(new Uint8Array(second).buffer);
      collected.push(...(await collectByPoweb(registered)));
      const times = Array.from({ length: timesByBothRoads }, () => [first, second]).flat();
      assert.deepEqual(sorted(collected), sorted(times));
    });

    it('deliver a parcel over PoWeb and twice as cargo, and the Internet app gets it once', async () => {
      const { registered, phone } = await registerPhone();
      await using internet = await JsInternetApp.start(APP_ADDRESS, gateway.listening.pohttp);
      internet.isAnswering = false;
      doh.setApp(APP_ADDRESS, internet.port);
      const app = await JsApp.onPhone(registered);
      const contact = await internet.app.contactFor(app);
      const write = async () =>
        app.writeToInternet(contact, (await makePing(app, contact)).message);
      const [parcel, last] = [await write(), await write()];
      await registered.deliver(new Uint8Array(parcel).buffer);
      await internet.received(1);
      await courier.deliver(await phone.cargoes([parcel]));
      await unpacked();
      await courier.deliver(await phone.cargoes([parcel, last]));
      const received = await internet.received(2);
      await until(async () => (await keys('')).length === 0);
      assert.equal(new Set(received.map(({ parcel: { id } }) => id)).size, 2);
      assert.equal(received.length, 2);
    });
  });
}

function sorted(buffers: readonly Buffer[]): Buffer[] {
  return [...buffers].sort(Buffer.compare);
}
