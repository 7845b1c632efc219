import { SHARED_BACKING_VARIABLES } from '#composition/ports.ts';
import { heldVariables, quotaVariables } from '#composition/quota-variables.ts';
import { sharedServiceVariables } from '#composition/service-variables.ts';
import { acceptsPublishedKey } from '#composition/session-key-variables.ts';
import { maxSignalledOctets } from '#composition/signals.ts';
import { acceptsWithdrawals } from '#composition/withdrawal-variables.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { boolean, duration, integer, size, url } from '#runtime/configuration/variables.ts';
import { deliveryOverrides } from './delivery-overrides.ts';

const MIB = 1024 * 1024;

/** The variables of the workers in any process. */
export const WORKERS_VARIABLES = {
  delivery: {
    useTls: boolean('POHTTP_CLIENT_TLS', {
      meaning: 'whether parcels are posted to Internet addresses over HTTPS only',
      default: true,
    }),
    allowPrivateNetworks: boolean('POHTTP_ALLOW_PRIVATE_NETWORKS', {
      meaning: 'whether parcels may be posted to hosts that are not on the public Internet',
      default: false,
    }),
    dohUrl: url('DOH_URL', {
      meaning: 'the DNS-over-HTTPS resolver, which must check DNSSEC',
      protocols: ['https:', 'http:'],
      default: new URL('https://cloudflare-dns.com/dns-query'),
    }),
    overrides: deliveryOverrides,
    concurrency: integer('DELIVERY_CONCURRENCY', {
      meaning: 'how many parcels may be posted to Internet addresses at once',
      default: 64,
      min: 1,
      max: 10_000,
    }),
    concurrencyPerDestination: integer('DELIVERY_CONCURRENCY_PER_DESTINATION', {
      meaning: 'how many parcels may be posted to one Internet address at once',
      default: 8,
      min: 1,
      max: 1_000,
    }),
    bufferOctets: size('DELIVERY_BUFFER', {
      meaning: 'memory for parcels that are being posted',
      default: 64 * MIB,
      min: 16 * MIB,
      max: 65_536 * MIB,
    }),
  },
  cargo: {
    concurrency: integer('CARGO_CONCURRENCY', {
      meaning: 'how many cargoes are unpacked at once',
      default: 2,
      min: 1,
      max: 100,
    }),
  },
  sweepIntervalMs: duration('SWEEP_INTERVAL', {
    meaning: 'how often to queue stored parcels and cargoes that have no job',
    default: 600_000,
    min: 1_000,
    max: 86_400_000,
  }),
  censusIntervalMs: duration('CENSUS_INTERVAL', {
    meaning:
      'how often to count what is held for phones on a cloud store, which also mends its index',
    default: 900_000,
    min: 1_000,
    max: 1_800_000,
  }),
  drainMs: duration('WORKERS_DRAIN', {
    meaning: 'how long running jobs have to end when the workers stop',
    default: 20_000,
    min: 0,
    max: 600_000,
  }),
};

/** The variables of the workers' service. */
export const WORKERS_SERVICE_VARIABLES = {
  ...sharedServiceVariables,
  ...SHARED_BACKING_VARIABLES,
  acceptsPublishedKey,
  maxSignalledOctets,
  acceptsWithdrawals,
  quotas: quotaVariables,
  held: heldVariables,
  workers: WORKERS_VARIABLES,
};

/** The configuration of the workers' service. */
export type WorkersConfig = Values<typeof WORKERS_SERVICE_VARIABLES>;

/**
 * Reads the service's configuration.
 *
 * @throws {ConfigurationError}
 */
export function readWorkersConfig(environment: Environment): WorkersConfig {
  return readConfiguration(environment, WORKERS_SERVICE_VARIABLES);
}
