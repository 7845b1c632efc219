import { SHARED_BACKING_VARIABLES } from '#composition/ports.ts';
import { heldVariables, quotaVariables } from '#composition/quota-variables.ts';
import { registration } from '#composition/registration-variable.ts';
import { sharedServiceVariables } from '#composition/service-variables.ts';
import { acceptsPublishedKey } from '#composition/session-key-variables.ts';
import { acceptsWithdrawals } from '#composition/withdrawal-variables.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { duration, integer, port, size } from '#runtime/configuration/variables.ts';
import { requestIdVariables } from '#runtime/http/request-ids.ts';

const MIB = 1024 * 1024;

/** The variables of CogRPC in any process. */
export const COGRPC_VARIABLES = {
  port: port('COGRPC_PORT', { meaning: 'the port for couriers', default: 8082 }),
  maxDeliveries: integer('COGRPC_MAX_DELIVERIES', {
    meaning: 'how many couriers may deliver cargo at once',
    default: 50,
    min: 1,
    max: 10_000,
  }),
  maxCollections: integer('COGRPC_MAX_COLLECTIONS', {
    meaning: 'how many couriers may collect cargo at once',
    default: 500,
    min: 1,
    max: 100_000,
  }),
  maxCallsPerConnection: integer('COGRPC_MAX_CALLS_PER_CONNECTION', {
    meaning:
      'how many calls one connection may carry at once; few behind a proxy that shares connections',
    default: 100,
    min: 1,
    max: 10_000,
  }),
  deliveryBufferOctets: size('COGRPC_DELIVERY_BUFFER', {
    meaning: 'memory for cargo that is being delivered',
    default: 128 * MIB,
    min: 16 * MIB,
    max: 65_536 * MIB,
  }),
  collectionBufferOctets: size('COGRPC_COLLECTION_BUFFER', {
    meaning: 'memory for cargo that is being collected',
    default: 64 * MIB,
    min: 32 * MIB,
    max: 65_536 * MIB,
  }),
  drainMs: duration('COGRPC_DRAIN', {
    meaning: 'how long calls have to end when the gateway stops',
    default: 10_000,
    min: 0,
    max: 600_000,
  }),
};

/** The variables of the CogRPC service. */
export const COGRPC_SERVICE_VARIABLES = {
  ...sharedServiceVariables,
  ...SHARED_BACKING_VARIABLES,
  acceptsPublishedKey,
  acceptsWithdrawals,
  quotas: quotaVariables,
  registration,
  held: heldVariables,
  requests: requestIdVariables,
  cogrpc: COGRPC_VARIABLES,
};

/** The configuration of the CogRPC service. */
export type CogrpcConfig = Values<typeof COGRPC_SERVICE_VARIABLES>;

/**
 * Reads the service's configuration.
 *
 * @throws {ConfigurationError}
 */
export function readCogrpcConfig(environment: Environment): CogrpcConfig {
  return readConfiguration(environment, COGRPC_SERVICE_VARIABLES);
}
