import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StreamingMode } from '@relaycorp/relaynet-core';
import {
  deliverParcel,
  PoHTTPClientBindingError,
  PoHTTPInvalidParcelError,
} from '@relaycorp/relaynet-pohttp';
import { JsPhone } from '#test/peers/js/phone.ts';
import { BOTH_FORMS, type ReachableGateway } from './support/both-forms.ts';

for (const form of BOTH_FORMS) {
  describe(`the deployed PoHTTP client, with a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    let gateway: ReachableGateway;
    let phone: JsPhone;
    let url: string;

    before(async () => {
      gateway = await form.start();
      phone = await JsPhone.register(gateway.listening.poweb);
      url = `http://127.0.0.1:${gateway.listening.pohttp}`;
    });
    after(() => gateway[Symbol.asyncDispose]());

    it('delivers a parcel from an Internet app, which the phone collects', async () => {
      const internetAddress = 'gateway.localhost';
      const parcel = await phone.makeParcel(Buffer.from('from the Internet'), { internetAddress });
      await deliverParcel(url, parcel, { useTls: false });
      const mode = StreamingMode.CLOSE_UPON_COMPLETION;
      const payloads: string[] = [];
      for await (const collection of phone.client.collectParcels([phone.collectionSigner], mode)) {
        const collected = await collection.deserializeAndValidateParcel();
        payloads.push(collected.payloadSerialized.toString());
        await collection.ack();
      }
      assert.deepEqual(payloads, ['from the Internet']);
    });

    it('sees an expired parcel refused for good', async () => {
      const creationDate = new Date(Date.now() - 60_000);
      const parcel = await phone.makeParcel(Buffer.from('late'), { creationDate, ttl: 1 });
      await assert.rejects(deliverParcel(url, parcel, { useTls: false }), PoHTTPInvalidParcelError);
    });

    it('sees a parcel for another Internet address refused for good', async () => {
      const internetAddress = 'elsewhere.example';
      const parcel = await phone.makeParcel(Buffer.from('astray'), { internetAddress });
      await assert.rejects(deliverParcel(url, parcel, { useTls: false }), PoHTTPInvalidParcelError);
    });

    it('sees octets that are no parcel as a mistake of its own', async () => {
      const delivery = deliverParcel(url, new ArrayBuffer(8), { useTls: false });
      await assert.rejects(delivery, PoHTTPClientBindingError);
    });
  });
}
