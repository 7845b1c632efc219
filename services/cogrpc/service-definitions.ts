import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** As in cogrpc.proto. */
export interface CargoDelivery {
  readonly id: string;
  readonly cargo: Uint8Array;
}

/** As in cogrpc.proto. */
export interface CargoDeliveryAck {
  readonly id: string;
}

/** The service's name in both generations; deployed couriers use the second. */
export const CARGO_RELAY_NAMES = ['awala.cogrpc.CargoRelay', 'relaynet.cogrpc.CargoRelay'] as const;

const HEALTH_NAME = 'grpc.health.v1.Health';

const [DEFINED_NAME] = CARGO_RELAY_NAMES;

/** The definition of the cargo relay under one of its names. */
export function cargoRelayDefinition(name: (typeof CARGO_RELAY_NAMES)[number]): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(load('cogrpc.proto', DEFINED_NAME)).map(([method, definition]) => [
      method,
      { ...definition, path: definition.path.replace(DEFINED_NAME, name) },
    ]),
  );
}

/** The definition of the gRPC health service. */
export function healthDefinition(): ServiceDefinition {
  return load('health.proto', HEALTH_NAME);
}

function load(file: string, service: string): Record<string, MethodDefinition<object, object>> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const definition = loadSync(path, { defaults: true, enums: String })[service];
  if (!definition || 'format' in definition) {
    throw new TypeError(`${file} does not define the service ${service}`);
  }
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [name, withoutQuotes(method)]),
  );
}

/** For a malformed message, the library would tell the sender which lengths and offsets it read. */
function withoutQuotes(method: MethodDefinition<object, object>): MethodDefinition<object, object> {
  return {
    ...method,
    requestDeserialize(octets) {
      try {
        return method.requestDeserialize(octets);
      } catch (cause) {
        throw new TypeError('it is not the message that this method takes', { cause });
      }
    },
  };
}
