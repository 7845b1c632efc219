import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StreamingMode } from '@relaycorp/relaynet-core';
import { deliverParcel } from '@relaycorp/relaynet-pohttp';
import {
  CertificateFiles,
  trustInThisProcess,
} from '#test/end-to-end/public-port/certificate-files.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { type RunningGateway, startGateway } from './support/running-gateway.ts';

describe('the deployed clients, at the public port of a gateway in one process', () => {
  const opened = new AsyncDisposableStack();
  let files: CertificateFiles;
  let gateway: RunningGateway;
  let port: number;
  let phone: JsPhone;

  before(async () => {
    files = opened.use(await CertificateFiles.make());
    trustInThisProcess(files.authority);
    gateway = opened.use(await startGateway({}, files.environment));
    port = gateway.listening.https ?? assert.fail();
    phone = await JsPhone.registerOverTls('localhost', port);
  });
  after(() => opened.disposeAsync());

  async function collectAll(): Promise<string[]> {
    const payloads: string[] = [];
    const signers = [phone.collectionSigner];
    const mode = StreamingMode.CLOSE_UPON_COMPLETION;
    for await (const collection of phone.client.collectParcels(signers, mode)) {
      const parcel = await collection.deserializeAndValidateParcel();
      payloads.push(parcel.payloadSerialized.toString());
      await collection.ack();
    }
    return payloads;
  }

  it('a phone that registered there delivers and collects', async () => {
    await phone.deliver(await phone.makeParcel(Buffer.from('from a phone')));
    assert.deepEqual(await collectAll(), ['from a phone']);
  });

  it('an Internet app delivers a parcel, which the phone collects', async () => {
    const internetAddress = 'gateway.localhost';
    const parcel = await phone.makeParcel(Buffer.from('from the Internet'), { internetAddress });
    await deliverParcel(`https://localhost:${port}`, parcel);
    assert.deepEqual(await collectAll(), ['from the Internet']);
  });

  it('a courier brings a parcel, which the phone collects', async () => {
    const courier = JsCourier.overTls(`localhost:${port}`, files.authority.root);
    const privateGateway = await JsPrivateGateway.of(phone);
    const parcel = await phone.makeParcel(Buffer.from('by courier'));
    const cargoes = await privateGateway.cargoes([new Uint8Array(parcel)]);
    await courier.deliver(cargoes);
    const payloads: string[] = [];
    while (payloads.length === 0) {
      payloads.push(...(await collectAll()));
    }
    assert.deepEqual(payloads, ['by courier']);
  });

  it('a courier collects what is held for the phone', async () => {
    const privateGateway = await JsPrivateGateway.of(phone);
    const courier = JsCourier.overTls(`localhost:${port}`, files.authority.root);
    const parcel = await phone.makeParcel(Buffer.from('to a courier'));
    await phone.deliver(parcel);
    const cargoes = await courier.collectAll(await privateGateway.cca());
    const messages = await Promise.all(cargoes.map((cargo) => privateGateway.open(cargo)));
    assert.ok(messages.flat().some((message) => message.equals(Buffer.from(parcel))));
  });
});
