import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { StreamingMode } from '@relaycorp/relaynet-core';
import { deliverParcel } from '@relaycorp/relaynet-pohttp';
import { MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { Courier } from '#test/peers/courier.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { Phone } from '#test/peers/phone.ts';
import { ALPN, TlsTunnel } from '#test/peers/tls-tunnel.ts';

/** How long a collection has nothing to do. */
const IDLE_MS = process.env.TEST_LONG ? 5 * 60_000 : 2_000;

/** A gateway on one port with TLS, for localhost. */
export interface GatewayOverTls extends AsyncDisposable {
  readonly port: number;
  /** The authority of its certificate, as PEM. This process must trust it. */
  readonly root: string;
}

/** What phones, Internet apps and couriers do with one port, whoever ends TLS there. */
export function describeClientsOverTls(
  name: string,
  { skip = false, start }: { readonly skip?: string | false; start(): Promise<GatewayOverTls> },
): void {
  describe(`the deployed clients, at one port with TLS: ${name}`, { skip }, () => {
    let gateway: GatewayOverTls;
    let phone: JsPhone;

    before(async () => {
      gateway = await start();
      phone = await JsPhone.registerOverTls('localhost', gateway.port);
    });
    after(() => gateway[Symbol.asyncDispose]());

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

    function tunnel(protocols: readonly string[] = ALPN.okHttp): Promise<TlsTunnel> {
      const { port, root } = gateway;
      return TlsTunnel.start({ port, root, name: 'localhost', protocols });
    }

    it('a phone that registered there delivers and collects', async () => {
      await phone.deliver(await phone.makeParcel(Buffer.from('from a phone')));
      assert.deepEqual(await collectAll(), ['from a phone']);
    });

    it('an Internet app delivers a parcel, which the phone collects', async () => {
      const internetAddress = 'gateway.localhost';
      const parcel = await phone.makeParcel(Buffer.from('from the Internet'), { internetAddress });
      await deliverParcel(`https://localhost:${gateway.port}`, parcel);
      assert.deepEqual(await collectAll(), ['from the Internet']);
    });

    it('a courier brings a parcel, which the phone collects', async () => {
      const courier = JsCourier.overTls(`localhost:${gateway.port}`, gateway.root);
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
      const courier = JsCourier.overTls(`localhost:${gateway.port}`, gateway.root);
      const parcel = await phone.makeParcel(Buffer.from('to a courier'));
      await phone.deliver(parcel);
      const cargoes = await courier.collectAll(await privateGateway.cca());
      const messages = await Promise.all(cargoes.map((cargo) => privateGateway.open(cargo)));
      assert.ok(messages.flat().some((message) => message.equals(Buffer.from(parcel))));
    });

    it('a courier’s call stays open both ways until the courier ends it', async () => {
      await using near = await tunnel(ALPN.courier);
      using courier = new Courier(near.port);
      const { acknowledged, end } = await courier.deliverAll([Buffer.alloc(9), Buffer.alloc(9)]);
      assert.deepEqual([acknowledged, end.code], [['cargo 0', 'cargo 1'], 0]);
    });

    it('the largest parcel comes, and goes', async () => {
      await using near = await tunnel(['http/1.1']);
      const large = await Phone.register(near.port, 'large');
      const small = await large.parcel({ payload: Buffer.alloc(0) });
      const payload = Buffer.alloc(MAX_PARCEL_OCTETS - small.length - 64);
      const parcel = await large.deliver(await large.parcel({ payload }));
      using collector = await large.collect();
      assert.ok(Buffer.from((await collector.next()).parcel).equals(parcel));
    });

    it(`a collection with nothing to do for ${IDLE_MS / 1_000} s then gets what comes`, async () => {
      await using near = await tunnel(['http/1.1']);
      const idle = await Phone.register(near.port, 'idle');
      using collector = await idle.collect();
      await collector.roundTrip();
      await pause(IDLE_MS);
      const parcel = await idle.deliver();
      assert.ok(Buffer.from((await collector.next()).parcel).equals(parcel));
    });
  });
}
