import assert from 'node:assert/strict';
import { serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import { messageSetDer } from '#awala/cargo/message-set.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import { encodeDer } from '#awala/der/writer.ts';
import {
  generateSessionKey,
  type SessionCurve,
  type SessionKey,
} from '#awala/sessions/session-key.ts';
import type { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { CARGO_PREFIX } from '#gateway/held/object-keys.ts';
import { CARGO_TOPIC } from '#gateway/held/topics.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import type { RecordStore } from '#record-store/port.ts';
import { craftMessage, type MessageTemplate } from '#test/builders/crafted-messages.ts';
import { cargoDeliveryAuthorization, internetGateway } from '#test/builders/peers.ts';
import type { Road } from '#test/builders/road.ts';
import { authorizationOf, type CallEnd, Courier } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import { InMemoryWorkQueue } from '#work-queue/in-memory.ts';
import { GatewayUnderTest, START } from '../support/gateway-under-test.ts';
import type { Message } from '../support/malformed-messages.ts';
import { RecordedMetrics } from '../workers/recorded.ts';

/** More than any test needs. */
const ROOM = { leftOctets: 2 ** 40 };

export type CargoMessageKind = 'cargo' | 'cca';

const TYPE_OCTETS = { cargo: 0x43, cca: 0x44 } as const;

/** A whole gateway, with what couriers need to reach it, and a phone that never sees the Internet. */
export class CourieredGateway implements AsyncDisposable {
  readonly gateway: GatewayUnderTest;
  readonly courier: Courier;
  readonly road: Road;
  readonly metrics: RecordedMetrics;
  readonly objects: InMemoryObjectStore;
  readonly queue: InMemoryWorkQueue;
  /** The gateway's session key, as the phone learnt it when it registered. */
  readonly gatewayKey: SessionKey;
  readonly #request: Uint8Array;

  private constructor(
    parts: Pick<
      CourieredGateway,
      'gateway' | 'courier' | 'road' | 'metrics' | 'objects' | 'queue' | 'gatewayKey'
    >,
    request: Uint8Array,
  ) {
    this.gateway = parts.gateway;
    this.courier = parts.courier;
    this.road = parts.road;
    this.metrics = parts.metrics;
    this.objects = parts.objects;
    this.queue = parts.queue;
    this.gatewayKey = parts.gatewayKey;
    this.#request = request;
  }

  static async start(
    given: {
      readonly clock?: ManualClock;
      readonly plausibility?: ClockPlausibility;
      readonly records?: RecordStore;
    } = {},
    environment: Readonly<Record<string, string>> = {},
  ): Promise<CourieredGateway> {
    const metrics = new RecordedMetrics();
    const objects = new InMemoryObjectStore({ room: ROOM });
    const clock = given.clock ?? new ManualClock(START);
    const queue = new InMemoryWorkQueue({ clock });
    const gateway = await GatewayUnderTest.start(
      { ...given, clock, metrics, objects, queue },
      environment,
    );
    const courier = new Courier(gateway.running.listening.cogrpc);
    const road = await gateway.road();
    const gatewayKey = await gateway.running.gateway.sessionKeys.registrationKey(road.phone.nodeId);
    const issuer = await internetGateway('phone', road.validity);
    const cda = await cargoDeliveryAuthorization(gateway.us, issuer, road.validity);
    const request = serialiseCollectionRequest(cda.certificate);
    return new CourieredGateway(
      { gateway, courier, road, metrics, objects, queue, gatewayKey },
      request,
    );
  }

  /** What a phone puts into its CCAs, before it is encrypted. */
  get collectionRequest(): Uint8Array {
    return this.#request;
  }

  /** A good message of the phone, but for what the template says. */
  craft(kind: CargoMessageKind, template: Partial<MessageTemplate> = {}): Buffer {
    const { phone, now } = this.road;
    const octets = craftMessage({
      sender: phone,
      recipient: this.gateway.us.nodeId,
      createdAt: now,
      typeOctet: TYPE_OCTETS[kind],
      payload: this.seal(kind === 'cca' ? this.#request : encodeDer(messageSetDer([]))),
      ...template,
    });
    return Buffer.from(octets);
  }

  /** A good message, to be damaged. */
  message(kind: CargoMessageKind): Message {
    return {
      typeOctet: TYPE_OCTETS[kind],
      sender: this.road.phone,
      recipient: this.gateway.us.nodeId,
      createdAt: this.road.now,
      craft: (template) => this.craft(kind, template),
    };
  }

  /** A cargo of the phone with these messages. */
  cargo(messages: readonly Uint8Array[], template: Partial<MessageTemplate> = {}): Buffer {
    const payload = this.seal(encodeDer(messageSetDer(messages)));
    return this.craft('cargo', { payload, ...template });
  }

  /** Encrypts for the gateway, under a new key of the phone. */
  seal(plaintext: Uint8Array, recipientKey = this.gatewayKey, curve?: SessionCurve): Uint8Array {
    return encryptForSession(plaintext, { recipientKey, senderKey: generateSessionKey(curve) });
  }

  /** Delivers one cargo after the other in one call. Fails unless each is acknowledged. */
  async deliver(...cargoes: readonly Uint8Array[]): Promise<void> {
    const { acknowledged, end } = await this.courier.deliverAll(cargoes);
    assert.deepEqual(
      acknowledged,
      cargoes.map((_, index) => `cargo ${index}`),
    );
    assert.deepEqual(end, { code: 0, details: 'OK' });
  }

  /** Shows the CCA, and acknowledges what comes. */
  async collect(cca: Uint8Array): Promise<CallEnd & { readonly cargoes: number }> {
    const { cargoes, end } = await this.courier.collectAll(Buffer.from(cca));
    return { ...end, cargoes: cargoes.length };
  }

  /** @returns what is counted while `action` runs, by name and labels */
  async counting(action: () => Promise<void>): Promise<Record<string, number>> {
    const before = { ...this.metrics.counts };
    await action();
    const counts = Object.entries(this.metrics.counts);
    const grown = counts.map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    return Object.fromEntries(grown.filter(([, count]) => count > 0));
  }

  /** Resolves once no cargo waits for the workers: each was unpacked, or set aside. */
  unpacked(): Promise<void> {
    return until(
      async () => (await this.keys(CARGO_PREFIX)).length === (await this.setAside()).length,
    );
  }

  /** Why cargoes were set aside, the oldest first. */
  async setAside(): Promise<string[]> {
    const jobs = await Array.fromAsync(this.queue.listSetAside(CARGO_TOPIC));
    return jobs.map(({ reason }) => reason);
  }

  /** Cargoes set aside are not seen again. */
  async forgetSetAside(): Promise<void> {
    for await (const { key } of this.queue.listSetAside(CARGO_TOPIC)) {
      await this.objects.delete(key);
      await this.queue.discard(CARGO_TOPIC, key);
    }
  }

  async keys(prefix: string): Promise<string[]> {
    return (await Array.fromAsync(this.objects.list(prefix))).map(({ key }) => key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.courier[Symbol.dispose]();
    await this.gateway[Symbol.asyncDispose]();
    await this.queue[Symbol.asyncDispose]();
  }
}

/** A call that is under way over the same connection as others, and must not be disturbed by them. */
export class NeighbourCall {
  readonly #stream: ReturnType<Courier['collect']>;

  private constructor(stream: ReturnType<Courier['collect']>) {
    this.#stream = stream;
  }

  /** Begins to collect a parcel for the phone. */
  static async begin(couriered: CourieredGateway): Promise<NeighbourCall> {
    await couriered.gateway.hold(couriered.road.phone);
    const stream = couriered.courier.collect([authorizationOf(couriered.craft('cca'))]);
    await stream.receivedAtLeast(1);
    return new NeighbourCall(stream);
  }

  /** Acknowledges what it got, and fails unless the call ends well. */
  async finish(): Promise<void> {
    const [cargo] = this.#stream.received;
    assert.ok(cargo);
    this.#stream.send({ id: cargo.id });
    assert.deepEqual(await this.#stream.ended, { code: 0, details: 'OK' });
  }
}
