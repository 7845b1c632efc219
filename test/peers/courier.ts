import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type MethodDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import {
  type CARGO_RELAY_NAMES,
  type CargoDelivery,
  type CargoDeliveryAck,
  cargoRelayDefinition,
} from '#services/cogrpc/service-definitions.ts';

type Name = (typeof CARGO_RELAY_NAMES)[number];

/** How a call ended for the courier. */
export interface CallEnd {
  /** The gRPC status; 0 for OK. */
  readonly code: number;
  readonly details: string;
}

const MAX_OCTETS = 20 * 1_024 * 1_024;

/** Limits of a courier's client; by default there are none. */
export interface CourierTraits {
  readonly name?: Name;
  /** Beginning of its `user-agent`; by default that of grpc-js. */
  readonly userAgent?: string;
  /** A larger gRPC message ends the call with RESOURCE_EXHAUSTED. */
  readonly maxMessageOctets?: number;
  /** For calls without a deadline of their own. */
  readonly deadlineMs?: number;
}

/** The Android courier's client: grpc-java with its defaults, which acknowledges on receipt. */
export const LIKE_ANDROID: CourierTraits = {
  name: 'relaynet.cogrpc.CargoRelay',
  userAgent: 'grpc-java-okhttp/1.61.0',
  maxMessageOctets: 4_194_304,
  deadlineMs: 5_000,
};

/** A courier on bare gRPC that does only what a test asks for. */
export class Courier implements Disposable {
  readonly #client: Client;
  readonly #name: Name;
  readonly #deadlineMs: number | undefined;

  constructor(port: number, traits: CourierTraits = {}) {
    this.#name = traits.name ?? 'awala.cogrpc.CargoRelay';
    this.#deadlineMs = traits.deadlineMs;
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': traits.maxMessageOctets ?? MAX_OCTETS,
      'grpc.max_send_message_length': MAX_OCTETS,
      'grpc.use_local_subchannel_pool': 1,
      ...(traits.userAgent !== undefined && { 'grpc.primary_user_agent': traits.userAgent }),
    });
  }

  deliver(options: { deadlineMs?: number } = {}): CourierStream<CargoDelivery, CargoDeliveryAck> {
    return this.#open('DeliverCargo', new Metadata(), options);
  }

  /** @param authorization - the values of that metadata */
  collect(
    authorization: readonly string[],
    options: { deadlineMs?: number; isDeaf?: boolean } = {},
  ): CourierStream<CargoDeliveryAck, CargoDelivery> {
    const metadata = new Metadata();
    for (const value of authorization) {
      metadata.add('authorization', value);
    }
    return this.#open('CollectCargo', metadata, options);
  }

  /**
   * Delivers cargoes in one call, each once the one before is acknowledged.
   *
   * @returns the acknowledged ids: `cargo 0` and so on
   */
  async deliverAll(
    cargoes: readonly Uint8Array[],
    options: { deadlineMs?: number } = {},
  ): Promise<{ acknowledged: string[]; end: CallEnd }> {
    const stream = this.deliver(options);
    for (const [index, cargo] of cargoes.entries()) {
      stream.send({ id: `cargo ${index}`, cargo: Buffer.from(cargo) });
      await stream.receivedAtLeast(index + 1);
    }
    stream.call.end();
    const end = await stream.ended;
    return { acknowledged: stream.received.map(({ id }) => id), end };
  }

  /** Collects, acknowledging each cargo at once. */
  async collectAll(
    cca: Buffer,
    options: { deadlineMs?: number } = {},
  ): Promise<{ cargoes: Buffer[]; end: CallEnd }> {
    const stream = this.collect([authorizationOf(cca)], options);
    const cargoes: Buffer[] = [];
    stream.onMessage = ({ id, cargo }) => {
      cargoes.push(Buffer.from(cargo));
      stream.send({ id });
    };
    return { cargoes, end: await stream.ended };
  }

  /**
   * Collects, and acknowledges each cargo once `take` resolves; keeps none.
   *
   * @param take - awaited before the next cargo is read
   */
  async collectEach(cca: Buffer, take: (cargo: Uint8Array) => Promise<void>): Promise<CallEnd> {
    const stream = this.collect([authorizationOf(cca)], { isDeaf: true });
    for await (const { id, cargo } of stream.call as AsyncIterable<CargoDelivery>) {
      await take(cargo);
      stream.send({ id });
    }
    return stream.ended;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #open<Sent, Received>(
    method: string,
    metadata: Metadata,
    options: { deadlineMs?: number; isDeaf?: boolean },
  ): CourierStream<Sent, Received> {
    const { deadlineMs = this.#deadlineMs, isDeaf = false } = options;
    const definition = cargoRelayDefinition(this.#name)[method] as MethodDefinition<Sent, Received>;
    const call = this.#client.makeBidiStreamRequest(
      definition.path,
      definition.requestSerialize,
      definition.responseDeserialize,
      metadata,
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
    );
    return new CourierStream(call, isDeaf);
  }
}

export function authorizationOf(cca: Buffer): string {
  return `Relaynet-CCA ${cca.toString('base64')}`;
}

export class CourierStream<Sent, Received> {
  readonly call: ClientDuplexStream<Sent, Received>;
  readonly received: Received[] = [];
  readonly ended: Promise<CallEnd>;
  onMessage: ((message: Received) => void) | null = null;
  #waiters: { readonly count: number; readonly resolve: () => void }[] = [];

  /** @param isDeaf - whether to read nothing that the server sends */
  constructor(call: ClientDuplexStream<Sent, Received>, isDeaf: boolean) {
    this.call = call;
    const onMessage = (message: Received) => {
      this.received.push(message);
      this.onMessage?.(message);
      const isMet = ({ count }: { count: number }) => this.received.length >= count;
      for (const { resolve } of this.#waiters.filter(isMet)) {
        resolve();
      }
      this.#waiters = this.#waiters.filter((waiter) => !isMet(waiter));
    };
    if (!isDeaf) {
      call.on('data', onMessage);
    }
    this.ended = new Promise((resolve) => {
      call.on('error', (error: ServiceError) =>
        resolve({ code: error.code, details: error.details }),
      );
      call.on('status', ({ code, details }) => resolve({ code, details }));
    });
  }

  send(message: Sent): void {
    this.call.write(message);
  }

  /** Resolves once so many messages have arrived, or the call has ended. */
  receivedAtLeast(count: number): Promise<unknown> {
    const met = new Promise<void>((resolve) => {
      this.#waiters.push({ count, resolve });
    });
    return this.received.length >= count ? Promise.resolve() : Promise.race([met, this.ended]);
  }
}
