import { randomUUID } from 'node:crypto';
import {
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type MethodDefinition,
} from '@grpc/grpc-js';
import { ccaAuthorization } from '#awala/cargo/cca.ts';
import { MAX_GRPC_MESSAGE_OCTETS } from '#services/cogrpc/limits.ts';
import {
  CARGO_RELAY_NAMES,
  type CargoDelivery,
  type CargoDeliveryAck,
  cargoRelayDefinition,
} from '#services/cogrpc/service-definitions.ts';

/** Where a gateway serves couriers. */
export interface CourierTarget {
  /** Host and port. */
  readonly address: string;
  readonly useTls: boolean;
}

const [, DEPLOYED_NAME] = CARGO_RELAY_NAMES;

/** Speaks CogRPC (RS-008) to a gateway, as a courier does. */
export class CourierClient implements Disposable {
  readonly #client: Client;
  readonly #methods = cargoRelayDefinition(DEPLOYED_NAME);

  constructor({ address, useTls }: CourierTarget) {
    const security = useTls ? credentials.createSsl() : credentials.createInsecure();
    this.#client = new Client(address, security, {
      'grpc.max_receive_message_length': MAX_GRPC_MESSAGE_OCTETS,
    });
  }

  /**
   * Delivers one cargo; resolves once it is acknowledged.
   *
   * @throws the gRPC error, or the signal's reason
   */
  async deliver(cargo: Uint8Array, signal: AbortSignal): Promise<void> {
    const id = randomUUID();
    let isAcknowledged = false;
    const call = this.#open<CargoDelivery, CargoDeliveryAck>('DeliverCargo', new Metadata());
    call.on('data', (ack: CargoDeliveryAck) => {
      isAcknowledged ||= ack.id === id;
      call.end();
    });
    call.write({ id, cargo });
    await ended(call, signal);
    if (!isAcknowledged) {
      throw new Error('the gateway did not acknowledge the cargo');
    }
  }

  /**
   * Collects what a CCA allows, acknowledging each cargo.
   *
   * @throws the gRPC error, or the signal's reason
   */
  async collect(cca: Uint8Array, signal: AbortSignal): Promise<Uint8Array[]> {
    const cargoes: Uint8Array[] = [];
    const metadata = new Metadata();
    metadata.set('authorization', ccaAuthorization(cca));
    const call = this.#open<CargoDeliveryAck, CargoDelivery>('CollectCargo', metadata);
    call.on('data', ({ id, cargo }: CargoDelivery) => {
      cargoes.push(cargo);
      call.write({ id });
    });
    await ended(call, signal);
    return cargoes;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #open<Sent, Received>(name: string, metadata: Metadata): ClientDuplexStream<Sent, Received> {
    const method = this.#methods[name] as MethodDefinition<Sent, Received>;
    const { path, requestSerialize, responseDeserialize } = method;
    return this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
      {},
    );
  }
}

/** Resolves when the call ended with OK. */
function ended<Sent, Received>(
  call: ClientDuplexStream<Sent, Received>,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      call.cancel();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    call.on('error', reject);
    call.on('end', resolve);
  });
}
