import { VERIFYING_BACKING_VARIABLES } from '#composition/ports.ts';
import { sharedServiceVariables } from '#composition/service-variables.ts';
import { acceptsWithdrawals } from '#composition/withdrawal-variables.ts';
import {
  ConfigurationError,
  readConfiguration,
  type Values,
} from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { duration, integer, port, size } from '#runtime/configuration/variables.ts';
import { requestIdVariables } from '#runtime/http/request-ids.ts';

const MIB = 1024 * 1024;
/**
 * Time for clients to acknowledge what they have (3 s for those moved last, 3 s for those still
 * there) and to answer (1 s), for deletions (2 s), and to close backing services.
 */
const LEAST_AT_THE_END_MS = 10_000;

/** The variables of parcel collection in any process. */
export const COLLECTION_VARIABLES = {
  window: integer('COLLECTION_WINDOW', {
    meaning: 'how many deliveries a collector may leave unacknowledged',
    // RS-000 "Message Transport Bindings".
    default: 5,
    min: 1,
    // Android's client stops reading, pings included, when some sixty wait for it.
    max: 50,
  }),
  maxCollectors: integer('MAX_COLLECTORS', {
    meaning: 'how many collectors may be served at once',
    default: 10_000,
    min: 1,
    max: 1_000_000,
  }),
  maxWaiting: integer('MAX_WAITING_COLLECTORS', {
    meaning: 'how many further collectors may wait for a place',
    default: 1_000,
    min: 0,
    max: 1_000_000,
  }),
  bufferOctets: size('COLLECTION_BUFFER', {
    meaning: 'memory for parcels that are being collected',
    default: 256 * MIB,
    min: 16 * MIB,
    max: 65_536 * MIB,
  }),
};

/** How a process among several sends its clients to the others. */
const MOVING_VARIABLES = {
  spreadMs: duration('COLLECTION_DRAIN', {
    meaning: 'how long a stopping process takes to move its collectors to others',
    default: 5_000,
    min: 0,
    max: 600_000,
  }),
  lingerMs: duration('COLLECTION_LINGER', {
    meaning:
      'how long after COLLECTION_DRAIN a stopping process holds collectors that come back to it',
    default: 5_000,
    min: 0,
    max: 600_000,
  }),
};

/** The variables of the collection service. */
export const COLLECTION_SERVICE_VARIABLES = {
  ...sharedServiceVariables,
  ...VERIFYING_BACKING_VARIABLES,
  port: port('COLLECTION_PORT', {
    meaning: 'the port for phones that collect parcels; the edge sends /v1/parcel-collection here',
    default: 8083,
  }),
  agentPort: port('COLLECTION_AGENT_PORT', {
    meaning:
      'the port, on OPERATIONS_HOST, where HAProxy asks whether to send collectors here; never public',
    default: 9190,
  }),
  acceptsWithdrawals,
  requests: requestIdVariables,
  collection: COLLECTION_VARIABLES,
  moving: MOVING_VARIABLES,
};

/** The configuration of the collection service. */
export type CollectionConfig = Values<typeof COLLECTION_SERVICE_VARIABLES>;

/**
 * Reads the service's configuration.
 *
 * @throws {ConfigurationError}
 */
export function readCollectionConfig(environment: Environment): CollectionConfig {
  const config = readConfiguration(environment, COLLECTION_SERVICE_VARIABLES);
  const { spreadMs, lingerMs } = config.moving;
  if (spreadMs + lingerMs + LEAST_AT_THE_END_MS > config.drainTimeoutMs) {
    throw new ConfigurationError([
      'COLLECTION_DRAIN and COLLECTION_LINGER together must be 10s shorter than DRAIN_TIMEOUT at least',
    ]);
  }
  return config;
}
