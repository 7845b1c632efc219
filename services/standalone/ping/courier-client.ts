import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
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
import { bareHost, urlHost } from '../reach/url-host.ts';
import type { Road } from './road.ts';

/** The Android courier's deadline of a call. */
const CALL_DEADLINE_MS = 5_000;

const [, DEPLOYED_NAME] = CARGO_RELAY_NAMES;

/** Speaks CogRPC (RS-008) to a gateway, as a courier does. */
export class CourierClient implements Disposable {
  readonly #client: Client;
  readonly #methods = cargoRelayDefinition(DEPLOYED_NAME);

  constructor({ origin, address, ca }: Road) {
    const useTls = origin.protocol === 'https:';
    const host = bareHost(origin.hostname);
    const authorities = ca === undefined ? null : Buffer.from(ca);
    const security = useTls ? credentials.createSsl(authorities) : credentials.createInsecure();
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const port = origin.port || (useTls ? '443' : '80');
    this.#client = new Client(`${family}:${urlHost(address)}:${port}`, security, {
      'grpc.max_receive_message_length': MAX_GRPC_MESSAGE_OCTETS,
      'grpc.default_authority': origin.host,
      ...(useTls && isIP(host) === 0 && { 'grpc.ssl_target_name_override': host }),
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
      { deadline: Date.now() + CALL_DEADLINE_MS },
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
