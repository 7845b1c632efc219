import { status } from '@grpc/grpc-js';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Collector } from '#test/peers/collector.ts';
import { Courier } from '#test/peers/courier.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import type { InternetApp } from '#test/peers/internet-app.ts';
import { Phone, postingOf } from '#test/peers/phone.ts';
import { Relay } from '#test/peers/relay.ts';
import { until } from '#test/runtime/until.ts';
import { NETWORKS } from '../attacker.ts';
import type { Ports } from './attack.ts';

/** Each collects for itself, so that none takes the place of another. */
const PHONES = 4;
const LOOK_AGAIN_MS = 20;

/**
 * Phones, couriers and apps that mean well. Each request is over a connection of its own, from an
 * address of {@link NETWORKS}.
 */
export class HonestClients implements AsyncDisposable {
  readonly #ports: Ports;
  readonly #app: InternetApp;
  readonly #phones: readonly Phone[];
  readonly #couriered: readonly CargoPhone[];
  /** To CogRPC, by the address that they connect from. */
  readonly #relays: ReadonlyMap<string, Relay>;
  #turn = 0;

  private constructor(
    ports: Ports,
    app: InternetApp,
    who: {
      readonly phones: readonly Phone[];
      readonly couriered: readonly CargoPhone[];
      readonly relays: ReadonlyMap<string, Relay>;
    },
  ) {
    this.#ports = ports;
    this.#app = app;
    this.#phones = who.phones;
    this.#couriered = who.couriered;
    this.#relays = who.relays;
  }

  static async register(ports: Ports, app: InternetApp): Promise<HonestClients> {
    const phones: Phone[] = [];
    for (let index = 0; index < PHONES; index++) {
      phones.push(await Phone.register(ports.poweb, `honest ${index}`));
    }
    const couriered = await Promise.all(phones.map((phone) => CargoPhone.of(phone)));
    const relays = new Map<string, Relay>();
    for (const [, from] of NETWORKS) {
      relays.set(from, await Relay.start(ports.cogrpc, from));
    }
    return new HonestClients(ports, app, { phones, couriered, relays });
  }

  /** Whether a phone gets the connection parameters, which it asks for first. */
  async readsParameters(from: string): Promise<boolean> {
    using client = new HttpClient(this.#ports.poweb, { from });
    return (await client.get('/connection-params.der')).status === 200;
  }

  /** Whether a phone is authorised to register. */
  async preRegisters(from: string): Promise<boolean> {
    using client = new HttpClient(this.#ports.poweb, { from });
    const headers = { 'content-type': 'text/plain' };
    const body = `${this.#turn++}`.padStart(64, '0');
    return (await client.post('/v1/pre-registrations', { headers, body })).status === 200;
  }

  /** Whether a parcel of a phone is accepted. */
  async deliversParcel(from: string): Promise<boolean> {
    const { phone } = this.#next();
    using client = new HttpClient(this.#ports.poweb, { from });
    const posting = await postingOf(await phone.parcel(), phone.phone);
    return (await client.post('/v1/parcels', posting)).status === 202;
  }

  /** Whether a parcel of an Internet app is accepted. */
  async postsParcel(from: string): Promise<boolean> {
    const { phone } = this.#next();
    using client = new HttpClient(this.#ports.pohttp, { from });
    const headers = { 'content-type': PARCEL_TYPE };
    return (await client.post('/', { headers, body: await phone.parcel() })).status === 202;
  }

  /** Whether a phone gets a parcel of 300 KB. */
  async collectsParcel(from: string): Promise<boolean> {
    const { phone } = this.#next();
    await phone.deliver(await phone.parcel({ payload: Buffer.alloc(300_000) }));
    return this.#collects(phone, from);
  }

  /** Whether a phone gets a parcel that a courier brings. */
  async getsCouriersParcel(from: string): Promise<boolean> {
    const { phone, couriered } = this.#next();
    using courier = this.#courier(from);
    await courier.deliverAll([await couriered.cargo([await phone.parcel()])]);
    return this.#collects(phone, from);
  }

  /** Whether a courier delivers cargo. */
  async deliversCargo(from: string): Promise<boolean> {
    using courier = this.#courier(from);
    const { end } = await courier.deliverAll([await this.#next().couriered.cargo()]);
    return end.code === status.OK;
  }

  /** Whether a courier collects cargo with a parcel of 300 KB. */
  async collectsCargo(from: string): Promise<boolean> {
    const { phone, couriered } = this.#next();
    await phone.deliver(await phone.parcel({ payload: Buffer.alloc(300_000) }));
    using courier = this.#courier(from);
    const { cargoes, end } = await courier.collectAll(await couriered.cca());
    return cargoes.length > 0 && end.code === status.OK;
  }

  /** Whether a parcel reaches an Internet app. */
  async reachesApp(): Promise<boolean> {
    const { phone } = this.#next();
    const parcel = await phone.deliver(await phone.parcelToInternet());
    const { received } = this.#app.server;
    await until(() => received.some(({ body }) => body.equals(parcel)), LOOK_AGAIN_MS);
    return true;
  }

  /** Whether operators are told that it lives. */
  async isSeenAlive(): Promise<boolean> {
    using client = new HttpClient(this.#ports.operations);
    return (await client.get('/livez')).status === 200;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#relays.values()].map((relay) => relay[Symbol.asyncDispose]()));
  }

  async #collects(phone: Phone, from: string): Promise<boolean> {
    using collector = new Collector(this.#ports.collection, { localAddress: from });
    const collecting = async () => {
      await collector.prove([phone.phone]);
      collector.acknowledge(await collector.next());
      await collector.roundTrip();
      return true;
    };
    return await Promise.race([collecting(), collector.closed.then(() => false)]);
  }

  #courier(from: string): Courier {
    return new Courier(this.#relays.get(from)?.port ?? 0);
  }

  #next(): { readonly phone: Phone; readonly couriered: CargoPhone } {
    const index = this.#turn++ % PHONES;
    const [phone, couriered] = [this.#phones[index], this.#couriered[index]];
    if (!phone || !couriered) {
      throw new Error('nobody is registered');
    }
    return { phone, couriered };
  }
}

/** What honest clients may ask for. */
export type HonestRequest = Exclude<keyof HonestClients, symbol>;
