import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  generateRSAKeyPair,
  PrivateNodeRegistrationRequest,
  StreamingMode,
} from '@relaycorp/relaynet-core';
import { ParcelDeliveryError, RefusedParcelError, ServerError } from '@relaycorp/relaynet-poweb';
import { parseConnectionParameters } from '#awala/connection-parameters.ts';
import { nodeIdOfKey } from '#awala/node-id.ts';
import { JsPhone, registerKeys } from '#test/peers/js/phone.ts';
import { BOTH_FORMS, type ReachableGateway } from './support/both-forms.ts';
import { startGateway } from './support/running-gateway.ts';

for (const form of BOTH_FORMS) {
  describe(`the deployed PoWeb client, with a gateway ${form.name}`, { skip: form.missing }, () => {
    let gateway: ReachableGateway;
    let phone: JsPhone;

    before(async () => {
      gateway = await form.start();
      phone = await JsPhone.register(gateway.listening.poweb);
    });
    after(() => gateway[Symbol.asyncDispose]());

    /** Collects with the client until it stops or `count` parcels came, acknowledging each. */
    async function collect(phones: readonly JsPhone[], mode: StreamingMode, count: number) {
      const payloads: string[] = [];
      const signers = phones.map(({ collectionSigner }) => collectionSigner);
      const [first] = phones;
      assert.ok(first);
      for await (const collection of first.client.collectParcels(signers, mode)) {
        const parcel = await collection.deserializeAndValidateParcel();
        payloads.push(parcel.payloadSerialized.toString());
        await collection.ack();
        if (payloads.length === count) {
          break;
        }
      }
      return payloads;
    }

    it('registers, and gets certificates, the Internet address and a session key', async () => {
      const { registration } = phone;
      const { identityKey } = await connectionParameters(gateway.listening.poweb);
      assert.equal(registration.internetGatewayInternetAddress, 'gateway.localhost');
      assert.equal(
        await registration.gatewayCertificate.calculateSubjectId(),
        nodeIdOfKey(identityKey),
      );
      assert.equal(
        await registration.privateNodeCertificate.getIssuerId(),
        await registration.gatewayCertificate.calculateSubjectId(),
      );
      assert.equal(registration.sessionKey?.keyId.length, 16);
    });

    it('is refused a registration with an authorization for another key', async () => {
      const [mine, others] = await Promise.all([generateRSAKeyPair(), generateRSAKeyPair()]);
      const authorization = await phone.client.preRegisterNode(others.publicKey);
      const request = new PrivateNodeRegistrationRequest(mine.publicKey, authorization);
      await assert.rejects(phone.client.registerNode(await request.serialize(mine.privateKey)), {
        name: ServerError.name,
        message: 'Unexpected response status (403)',
      });
    });

    it('collects what was delivered, until nothing is left', async () => {
      await phone.deliver(await phone.makeParcel(Buffer.from('first')));
      await phone.deliver(await phone.makeParcel(Buffer.from('second')));
      const payloads = await collect([phone], StreamingMode.CLOSE_UPON_COMPLETION, 99);
      assert.deepEqual(payloads.sort(), ['first', 'second']);
      assert.deepEqual(await collect([phone], StreamingMode.CLOSE_UPON_COMPLETION, 99), []);
    });

    it('receives a parcel that is delivered while it keeps its connection', async () => {
      const signers = [phone.collectionSigner];
      const collections = iterate(phone.client.collectParcels(signers, StreamingMode.KEEP_ALIVE));
      const next = collections.next();
      await phone.deliver(await phone.makeParcel(Buffer.from('while connected')));
      const { value } = await next;
      assert.ok(value);
      const parcel = await value.deserializeAndValidateParcel();
      assert.equal(parcel.payloadSerialized.toString(), 'while connected');
      await value.ack();
      await collections.return?.();
    });

    it('collects for two private gateways in one handshake', async () => {
      const other = await JsPhone.register(gateway.listening.poweb);
      await phone.deliver(await phone.makeParcel(Buffer.from('for one')));
      await other.deliver(await other.makeParcel(Buffer.from('for the other')));
      const payloads = await collect([phone, other], StreamingMode.CLOSE_UPON_COMPLETION, 99);
      assert.deepEqual(payloads.sort(), ['for one', 'for the other']);
    });

    it('delivers with any of several certificates that it holds', async () => {
      const older = phone.registration;
      const isOlder = ({ privateNodeCertificate }: typeof older) =>
        privateNodeCertificate.isEqual(older.privateNodeCertificate);
      // Who registers twice within one second gets the same answer.
      let newer = older;
      while (isOlder(newer)) {
        newer = await registerKeys(phone.client, phone.keys);
      }
      for (const registration of [older, newer]) {
        const renewed = Object.assign(Object.create(phone), { registration });
        await phone.client.deliverParcel(
          await phone.makeParcel(Buffer.from('with either')),
          renewed.deliverySigner,
        );
      }
      const payloads = await collect([phone], StreamingMode.CLOSE_UPON_COMPLETION, 99);
      assert.deepEqual(payloads, ['with either', 'with either']);
    });

    it('sees an expired parcel refused for good', async () => {
      const creationDate = new Date(Date.now() - 60_000);
      const parcel = await phone.makeParcel(Buffer.from('late'), { creationDate, ttl: 1 });
      await assert.rejects(phone.deliver(parcel), RefusedParcelError);
    });

    it('sees octets that are no parcel refused for good', async () => {
      await assert.rejects(phone.deliver(new ArrayBuffer(8)), RefusedParcelError);
    });

    it('sees a countersignature by a stranger as a mistake of its own', async () => {
      await using elsewhere = await startGateway();
      const stranger = await JsPhone.register(elsewhere.listening.poweb);
      const parcel = await phone.makeParcel(Buffer.from('payload'));
      const delivery = phone.client.deliverParcel(parcel, stranger.deliverySigner);
      await assert.rejects(delivery, {
        name: ParcelDeliveryError.name,
        message: 'Could not deliver parcel (HTTP 403)',
      });
    });

    it('is not let in to collect with a certificate of another gateway', async () => {
      await using elsewhere = await startGateway();
      const stranger = await JsPhone.register(elsewhere.listening.poweb);
      const signers = [stranger.collectionSigner];
      const mode = StreamingMode.CLOSE_UPON_COMPLETION;
      await assert.rejects(iterate(phone.client.collectParcels(signers, mode)).next(), {
        name: ServerError.name,
        message: /code: 1003/,
      });
    });
  });
}

function iterate<Value>(values: AsyncIterable<Value>): AsyncIterator<Value> {
  return values[Symbol.asyncIterator]();
}

async function connectionParameters(port: number) {
  const response = await fetch(`http://127.0.0.1:${port}/connection-params.der`);
  return parseConnectionParameters(Buffer.from(await response.arrayBuffer()));
}
