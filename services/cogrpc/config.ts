import type { Values } from '#runtime/configuration/configuration.ts';
import { duration, integer, port, size, text } from '#runtime/configuration/variables.ts';

const MIB = 1024 * 1024;

/** What the service for couriers can be told, in any process that it runs in. */
export const COGRPC_VARIABLES = {
  host: text('BIND_HOST', { meaning: 'the address to listen on', default: '0.0.0.0' }),
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
    meaning: 'how many calls one connection may carry at once; few behind a proxy that shares them',
    default: 100,
    min: 1,
    max: 10_000,
  }),
  deliveryBufferOctets: size('COGRPC_DELIVERY_BUFFER', {
    meaning: 'how much of the cargo being delivered may be in memory at once',
    default: 128 * MIB,
    min: 16 * MIB,
    max: 65_536 * MIB,
  }),
  collectionBufferOctets: size('COGRPC_COLLECTION_BUFFER', {
    meaning: 'how much of the cargo being collected may be in memory at once',
    default: 64 * MIB,
    min: 32 * MIB,
    max: 65_536 * MIB,
  }),
  drainMs: duration('COGRPC_DRAIN', {
    meaning: 'what calls under way get to end in when the gateway stops',
    default: 10_000,
    min: 0,
    max: 600_000,
  }),
};

export type CogrpcConfig = Values<typeof COGRPC_VARIABLES>;
