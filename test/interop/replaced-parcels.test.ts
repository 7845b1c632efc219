import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Parcel, StreamingMode } from '@relaycorp/relaynet-core';
import { deliverParcel } from '@relaycorp/relaynet-pohttp';
import { APP_ADDRESS, InternetApp } from '#test/peers/internet-app.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { arrayBuffer } from '#test/peers/js/values.ts';
import { answers, type RecipientServer } from '#test/peers/recipient-server.ts';
import { until } from '#test/runtime/until.ts';
import { BOTH_FORMS, type ReachableGateway } from './support/both-forms.ts';

const OWN_ADDRESS = 'gateway.localhost';

type Road = 'PoWeb' | 'cargo' | 'PoHTTP';

const FROM_PHONES: readonly [Road, Road][] = [
  ['PoWeb', 'PoWeb'],
  ['PoWeb', 'cargo'],
  ['cargo', 'PoWeb'],
  ['cargo', 'cargo'],
];

for (const form of BOTH_FORMS) {
  describe(`parcels under one id, by deployed clients, with a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    const opened = new AsyncDisposableStack();
    let app: RecipientServer;
    let gateway: ReachableGateway;
    let courier: JsCourier;
    let registered: JsPhone;
    let phone: JsPrivateGateway;
    /** Of the parcels that a test makes: all made in the same second. */
    let same: { readonly id: string; readonly creationDate: Date };

    before(async () => {
      const internet = opened.use(await InternetApp.start());
      app = internet.server;
      gateway = opened.use(await form.start(internet.doh.environment));
      courier = new JsCourier(gateway.listening.cogrpc);
      registered = await JsPhone.register(gateway.listening.poweb);
      phone = await JsPrivateGateway.of(registered);
    });

    beforeEach(() => {
      same = { id: randomUUID(), creationDate: new Date() };
      app.received.length = 0;
      app.behaviour = answers(202);
    });

    after(() => opened.disposeAsync());

    const forApp = (payload: string, fields = {}) =>
      registered.makeParcel(Buffer.from(payload), {
        ...{ ...same, internetAddress: APP_ADDRESS },
        ...fields,
      });
    const forPhone = (payload: string, fields = {}) =>
      registered.makeParcel(Buffer.from(payload), {
        ...{ ...same, internetAddress: OWN_ADDRESS },
        ...fields,
      });

    const keys = async (prefix: string) =>
      (await Array.fromAsync(gateway.objects.list(prefix))).map(({ key }) => key);

    /** Resolves once its sender has all the answer that there will be. */
    async function bring(parcel: ArrayBuffer, road: Road): Promise<void> {
      if (road === 'PoWeb') {
        await registered.deliver(parcel);
      } else if (road === 'PoHTTP') {
        const url = `http://127.0.0.1:${gateway.listening.pohttp}`;
        await deliverParcel(url, parcel, { useTls: false });
      } else {
        await courier.deliver(await phone.cargoes([Buffer.from(parcel)]));
        await until(async () => (await keys('cargo/')).length === 0);
      }
    }

    async function posted(): Promise<string[]> {
      await until(async () => (await keys('parcels/internet-bound/')).length === 0);
      const parcels = app.received.map(({ body }) => Parcel.deserialize(arrayBuffer(body)));
      return (await Promise.all(parcels)).map(payloadOf);
    }

    async function collect(): Promise<string[]> {
      const mode = StreamingMode.CLOSE_UPON_COMPLETION;
      const payloads: string[] = [];
      const signers = [registered.collectionSigner];
      for await (const collection of registered.client.collectParcels(signers, mode)) {
        payloads.push(payloadOf(await collection.deserializeAndValidateParcel()));
        await collection.ack();
      }
      return payloads;
    }

    for (const [first, second] of FROM_PHONES) {
      it(`by ${first}, then ${second}, bound for an Internet app: the other is delivered after the one, each once`, async () => {
        const [one, other] = [await forApp('one'), await forApp('other')];
        await bring(one, first);
        assert.deepEqual(await posted(), ['one']);
        await bring(other, second);
        assert.deepEqual(await posted(), ['one', 'other']);
        for (const again of [one, other, one]) {
          await bring(again, second);
        }
        assert.deepEqual(await posted(), ['one', 'other']);
      });

      it(`by ${first}, then ${second}, bound for an Internet app: the other is delivered though the one was under way`, async () => {
        const mayAnswer = Promise.withResolvers<void>();
        app.behaviour = async (response) => {
          await mayAnswer.promise;
          response.writeHead(202).end();
        };
        await bring(await forApp('one'), first);
        await until(() => app.received.length === 1);
        await bring(await forApp('other'), second);
        mayAnswer.resolve();
        assert.deepEqual(await posted(), ['one', 'other']);
      });
    }

    for (const [first, second] of [...FROM_PHONES, ['PoHTTP', 'PoHTTP']] as const) {
      const isKnown = form.recordsEveryParcel || (first === 'cargo' && second === 'cargo');

      it(`by ${first}, then ${second}, for a phone: the other takes the place of the one`, async () => {
        await bring(await forPhone('one'), first);
        await bring(await forPhone('other'), second);
        assert.deepEqual(await collect(), ['other']);
      });

      it(`by ${first}, then ${second}, for a phone: the other is collected after the one was`, async () => {
        await bring(await forPhone('one'), first);
        assert.deepEqual(await collect(), ['one']);
        await bring(await forPhone('other'), second);
        assert.deepEqual(await collect(), ['other']);
      });

      it(`by ${first}, then ${second}, for a phone: the one that was collected is ${isKnown ? 'not ' : ''}collected again`, async () => {
        const one = await forPhone('one');
        await bring(one, first);
        assert.deepEqual(await collect(), ['one']);
        await bring(one, second);
        assert.deepEqual(await collect(), isKnown ? [] : ['one']);
      });
    }

    it('of which the elder comes late, bound for an Internet app: the younger has replaced it', async () => {
      await bring(await forApp('younger'), 'PoWeb');
      const creationDate = new Date(same.creationDate.getTime() - 60_000);
      await bring(await forApp('elder', { creationDate, ttl: 7_200 }), 'cargo');
      assert.deepEqual(await posted(), ['younger']);
    });

    it('of which the first is dated ahead, as by a clock that was put right since: the second is delivered', async () => {
      const creationDate = new Date(same.creationDate.getTime() + 3_600_000);
      await bring(await forApp('dated ahead', { creationDate }), 'PoWeb');
      assert.deepEqual(await posted(), ['dated ahead']);
      await bring(await forApp('dated rightly', { creationDate: new Date() }), 'PoWeb');
      assert.deepEqual(await posted(), ['dated ahead', 'dated rightly']);
    });
  });
}

function payloadOf(parcel: Parcel): string {
  return parcel.payloadSerialized.toString();
}
