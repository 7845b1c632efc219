import type { MethodDefinition } from '@grpc/grpc-js';
import { type CargoDelivery, cargoRelayDefinition } from '#services/cogrpc/service-definitions.ts';
import type { CargoPhone } from '#test/peers/cargo-phone.ts';

const CARGO_RELAY = cargoRelayDefinition('awala.cogrpc.CargoRelay');

/** What is in cargoes that were collected for a phone. */
export function messagesOf(phone: CargoPhone, cargoes: readonly Uint8Array[]): Uint8Array[] {
  return cargoes.flatMap((cargo) => phone.open(cargo).messages);
}

export function base64(messages: readonly Uint8Array[]): string[] {
  return messages.map((message) => Buffer.from(message).toString('base64'));
}

/** The octets of the gRPC message that each cargo came in, without the five in front that frame it. */
export function grpcOctetsOf(deliveries: readonly CargoDelivery[]): number[] {
  const { responseSerialize } = CARGO_RELAY.CollectCargo as MethodDefinition<object, CargoDelivery>;
  return deliveries.map((delivery) => responseSerialize(delivery).length);
}
