import { canonicalInternetAddress } from '#gateway/internet-address.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import { type Environment, VariableFault, variable } from '#runtime/configuration/variable.ts';
import { choice, duration, integer, port, size, text } from '#runtime/configuration/variables.ts';
import { logVariables } from '#runtime/logging.ts';
import { bindHostVariable, serviceVariables } from '#runtime/service.ts';

const internetAddress = variable(
  'INTERNET_ADDRESS',
  {
    meaning: 'this gateway’s Awala address, such as gateway.example.org',
    default: 'gateway.localhost',
  },
  (content) => {
    const canonical = canonicalInternetAddress(content);
    if (!canonical) {
      throw new VariableFault(
        'must be a domain name of two labels or more, such as gateway.example.org',
      );
    }
    return canonical;
  },
);

/** Everything that the gateway in one process can be told. */
export const STANDALONE_VARIABLES = {
  ...serviceVariables,
  log: {
    ...logVariables,
    format: choice('LOG_FORMAT', ['json', 'pretty', 'gcp'], {
      meaning: 'how log entries are written',
      default: 'pretty',
    }),
  },
  internetAddress,
  dataFolder: text('DATA_DIR', {
    meaning: 'the folder that holds keys and parcels',
    default: './data',
  }),
  host: bindHostVariable('127.0.0.1'),
  ports: {
    poweb: port('POWEB_PORT', { meaning: 'the port for phones', default: 8080 }),
    pohttp: port('POHTTP_PORT', { meaning: 'the port for Internet apps', default: 8081 }),
  },
  preRegistrationsPerSecond: integer('PRE_REGISTRATIONS_PER_SECOND', {
    meaning: 'how many phones may ask to register each second',
    default: 50,
    min: 1,
    max: 10_000,
  }),
  collection: {
    window: integer('COLLECTION_WINDOW', {
      meaning: 'how many deliveries a collector may leave unacknowledged',
      default: 5,
      min: 1,
      max: 1_000,
    }),
    maxCollectors: integer('MAX_COLLECTORS', {
      meaning: 'how many collectors may be connected at once',
      default: 10_000,
      min: 1,
      max: 1_000_000,
    }),
    bufferOctets: size('COLLECTION_BUFFER', {
      meaning: 'how much of the parcels being collected may be in memory at once',
      default: 256 * 1024 * 1024,
      min: 16 * 1024 * 1024,
      max: 64 * 1024 * 1024 * 1024,
    }),
    drainSpreadMs: duration('COLLECTION_DRAIN', {
      meaning: 'over how long collectors are sent away when the gateway stops',
      default: 5_000,
      min: 0,
      max: 600_000,
    }),
  },
};

export type StandaloneConfig = Values<typeof STANDALONE_VARIABLES>;

/** @throws {ConfigurationError} */
export function readStandaloneConfig(environment: Environment): StandaloneConfig {
  return readConfiguration(environment, STANDALONE_VARIABLES);
}
