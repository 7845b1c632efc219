import assert from 'node:assert/strict';
import { Cargo, getIdFromIdentityKey, StreamingMode } from '@relaycorp/relaynet-core';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { cargoKey, gatewayBoundKey, internetBoundKey } from '#gateway/held/object-keys.ts';
import { traceOf } from '#log/trace.ts';
import { Collector } from '#test/peers/collector.ts';
import { authorizationOf, Courier } from '#test/peers/courier.ts';
import { DohServer } from '#test/peers/doh-server.ts';
import { APP_ADDRESS } from '#test/peers/internet-app.ts';
import { JsApp } from '#test/peers/js/app.ts';
import { JsCourier } from '#test/peers/js/courier.ts';
import { JsInternetApp } from '#test/peers/js/internet-app.ts';
import { acknowledge, parcelsIn } from '#test/peers/js/opened-cargo.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { makePing } from '#test/peers/js/ping.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { FiveLogs } from './five-logs.ts';

/** Two phones, a courier and an Internet app, on the deployed libraries, with five services that log. */
export class Travellers implements AsyncDisposable {
  readonly logs: FiveLogs;
  readonly internet: JsInternetApp;
  readonly courier: JsCourier;
  readonly sender: JsPhone;
  readonly recipient: JsPhone;
  readonly senderId: string;
  readonly recipientId: string;
  readonly #opened: AsyncDisposableStack;
  readonly #verifier = new MessageVerifier();

  private constructor(
    opened: AsyncDisposableStack,
    parts: Pick<Travellers, 'logs' | 'internet' | 'sender' | 'recipient'> & {
      readonly ids: readonly [string, string];
    },
  ) {
    this.#opened = opened;
    this.logs = parts.logs;
    this.internet = parts.internet;
    this.sender = parts.sender;
    this.recipient = parts.recipient;
    [this.senderId, this.recipientId] = parts.ids;
    this.courier = new JsCourier(this.logs.running.listening.cogrpc);
  }

  static async begin(level: 'debug' | 'info'): Promise<Travellers> {
    await using opened = new AsyncDisposableStack();
    const doh = opened.use(await DohServer.start());
    const logs = opened.use(await FiveLogs.start({ ...doh.environment, LOG_LEVEL: level }));
    const { poweb, pohttp } = logs.running.listening;
    const internet = opened.use(await JsInternetApp.start(APP_ADDRESS, pohttp));
    internet.isAnswering = false;
    doh.setApp(APP_ADDRESS, internet.port);
    const sender = await JsPhone.register(poweb);
    const recipient = await JsPhone.register(poweb);
    const ids = [
      await getIdFromIdentityKey(sender.keys.publicKey),
      await getIdFromIdentityKey(recipient.keys.publicKey),
    ] as const;
    return new Travellers(opened.move(), { logs, internet, sender, recipient, ids });
  }

  /** @returns the parcel's key */
  async byPowebToCollector(): Promise<string> {
    const parcel = await this.#parcelForRecipient();
    await this.sender.client.deliverParcel(parcel, this.sender.deliverySigner);
    await this.#collectByPoweb();
    return this.#keyOf(parcel);
  }

  /** @returns the parcel's key, and that of the cargo that it came in */
  async byCourierToCourier(): Promise<{ readonly parcel: string; readonly cargo: string }> {
    const parcel = await this.#parcelForRecipient();
    const key = this.#keyOf(parcel);
    const from = await JsPrivateGateway.of(this.sender);
    const [cargo = Buffer.of()] = await from.cargoes([new Uint8Array(parcel)]);
    await this.#deliverCargo(cargo);
    const to = await JsPrivateGateway.of(this.recipient);
    const collected = await parcelsIn(to, await this.courier.collectAll(await to.cca()));
    const [acknowledgement = Buffer.of()] = await to.cargoes(await acknowledge(collected));
    await this.#deliverCargo(acknowledgement);
    return { parcel: key, cargo: this.#cargoKeyOf(cargo) };
  }

  /** @returns the parcel's key */
  async byPohttpToCollector(): Promise<string> {
    const parcel = await this.#parcelForRecipient();
    await this.internet.send(Buffer.from(parcel));
    await this.#collectByPoweb();
    return this.#keyOf(parcel);
  }

  /** @returns the parcel's key */
  async byPowebToInternet(): Promise<string> {
    const app = await JsApp.onPhone(this.sender);
    const contact = await this.internet.app.contactFor(app);
    const { message } = await makePing(app, contact);
    const parcel = await app.writeToInternet(contact, message);
    await this.sender.client.deliverParcel(
      new Uint8Array(parcel).buffer,
      this.sender.deliverySigner,
    );
    await this.internet.received(1);
    const { sender, recipient, id } = this.#verifier.read(parcel, 'parcel');
    return internetBoundKey({
      sender: sender.nodeId,
      recipientAddress: APP_ADDRESS,
      recipientId: recipient.id,
      parcelId: id,
    });
  }

  /** A cargo of the sender's that nobody can read. @returns its key */
  async unreadableCargo(): Promise<string> {
    const { keys, registration } = this.sender;
    const { privateNodeCertificate, gatewayCertificate } = registration;
    const recipient = { id: await gatewayCertificate.calculateSubjectId() };
    const cargo = new Cargo(recipient, privateNodeCertificate, Buffer.from('nonsense'));
    const octets = Buffer.from(await cargo.serialize(keys.privateKey));
    await this.courier.deliver([octets]);
    return this.#cargoKeyOf(octets);
  }

  /** What fails, and whose it was is known. */
  async failures(): Promise<void> {
    const parcel = new Uint8Array(await this.#parcelForRecipient());
    const { deliverySigner } = this.sender;
    await assert.rejects(this.sender.client.deliverParcel(parcel.slice(1).buffer, deliverySigner));
    const { poweb } = this.logs.running.listening;
    using collector = new Collector(poweb);
    const nonce = await collector.challenge();
    const { collectionSigner } = this.recipient;
    const answer = await collectionSigner.sign(new Uint8Array(nonce).buffer);
    collector.respond([new Uint8Array(answer)]);
    // Arrives once it collects: nothing else is sent before.
    await this.sender.client.deliverParcel(await this.#parcelForRecipient(), deliverySigner);
    await collector.next();
    collector.socket.send('no such delivery');
    await collector.closed;
    const { cogrpc } = this.logs.running.listening;
    using courier = new Courier(cogrpc);
    const to = await JsPrivateGateway.of(this.recipient);
    const stream = courier.collect([authorizationOf(await to.cca())]);
    await stream.receivedAtLeast(1);
    stream.send({ id: 'no such delivery' });
    await stream.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }

  #parcelForRecipient(): Promise<ArrayBuffer> {
    return this.recipient.makeParcel(Buffer.from('hello'));
  }

  async #collectByPoweb(): Promise<void> {
    const { client, collectionSigner } = this.recipient;
    const mode = StreamingMode.CLOSE_UPON_COMPLETION;
    for await (const collection of client.collectParcels([collectionSigner], mode)) {
      await collection.ack();
    }
  }

  /** Resolves once it was unpacked, too. */
  async #deliverCargo(cargo: Buffer): Promise<void> {
    await this.courier.deliver([cargo]);
    const expected = traceOf(this.#cargoKeyOf(cargo));
    await this.logs.until(({ step, trace }) => step === 'unpacked' && trace === expected);
  }

  #keyOf(parcel: ArrayBuffer): string {
    const { sender, recipient, id } = this.#verifier.read(new Uint8Array(parcel), 'parcel');
    return gatewayBoundKey({
      privateGateway: this.recipientId,
      recipient: recipient.id,
      sender: sender.nodeId,
      parcelId: id,
    });
  }

  #cargoKeyOf(octets: Uint8Array): string {
    const { sender, id } = this.#verifier.read(octets, 'cargo');
    return cargoKey({ sender: sender.nodeId, cargoId: id });
  }
}
