import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DohServer } from '#test/peers/doh-server.ts';
import { JsApp } from '#test/peers/js/app.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsInternetApp } from '#test/peers/js/internet-app.ts';
import { parcelsIn } from '#test/peers/js/opened-cargo.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { makePing, readPing, readPong } from '#test/peers/js/ping.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { BOTH_FORMS, type ReachableGateway } from '../support/both-forms.ts';

const APP_ADDRESS = 'ping.example';

for (const form of BOTH_FORMS) {
  describe(`a ping (RS-014), with a phone that only couriers reach and a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    let doh: DohServer;
    let gateway: ReachableGateway;
    let internet: JsInternetApp;
    let courier: JsCourier;
    let phone: JsPrivateGateway;
    let app: JsApp;

    before(async () => {
      doh = await DohServer.start();
      gateway = await form.start(doh.environment);
      const { poweb, pohttp, cogrpc } = gateway.listening;
      internet = await JsInternetApp.start(APP_ADDRESS, pohttp);
      doh.setApp(APP_ADDRESS, internet.port);
      courier = new JsCourier(cogrpc);
      const registered = await JsPhone.register(poweb);
      phone = await JsPrivateGateway.of(registered);
      app = await JsApp.onPhone(registered);
    });

    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await internet[Symbol.asyncDispose]();
      await doh[Symbol.asyncDispose]();
    });

    it('reaches an Internet app as cargo, and its pong comes back as cargo', async () => {
      internet.isAnswering = true;
      const contact = await internet.app.contactFor(app);
      const { id, message } = await makePing(app, contact);
      await courier.deliver(await phone.cargoes([await app.writeToInternet(contact, message)]));
      await internet.received(1);
      const [pong, ...others] = await parcelsIn(phone, await courier.collectAll(await phone.cca()));
      assert.ok(pong);
      assert.equal(others.length, 0);
      assert.equal(readPong(await app.read(pong)), id);
    });

    it('reaches the phone from an Internet app as cargo, and its pong goes back as cargo', async () => {
      internet.isAnswering = false;
      const before = (await internet.received(0)).length;
      const contact = await app.contactFor(internet.app);
      const { id, message } = await makePing(internet.app, contact);
      const sent = await internet.app.writeToPhone(contact, message);
      await internet.send(sent);
      const collected = await parcelsIn(phone, await courier.collectAll(await phone.cca()));
      const ping = collected.find((parcel) => parcel.equals(sent));
      assert.ok(ping);
      const answer = readPing(await app.read(ping));
      const pong = await app.writeToInternet(answer.contact, answer.pong);
      await courier.deliver(await phone.cargoes([pong]));
      const received = await internet.received(before + 1);
      assert.deepEqual(received.slice(before).map(readPong), [id]);
    });
  });
}
