import { dataFolder } from '#composition/data-folder.ts';
import { isLocalAddress, localInternetAddress } from '#composition/internet-address.ts';
import { BACKING_VARIABLES } from '#composition/ports.ts';
import { heldVariables, quotaVariables } from '#composition/quota-variables.ts';
import { registration } from '#composition/registration-variable.ts';
import { acceptsPublishedKey } from '#composition/session-key-variables.ts';
import { maxSignalledOctets } from '#composition/signals.ts';
import { acceptsWithdrawals } from '#composition/withdrawal-variables.ts';
import {
  ConfigurationError,
  readConfiguration,
  type Values,
} from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { choice } from '#runtime/configuration/variables.ts';
import { requestIdVariables } from '#runtime/http/request-ids.ts';
import { logVariables } from '#runtime/logging.ts';
import { bindHostVariable, serviceVariables } from '#runtime/service.ts';
import { COGRPC_VARIABLES } from '#services/cogrpc/config.ts';
import { COLLECTION_VARIABLES } from '#services/collection/config.ts';
import { certificates } from '#services/edge/config.ts';
import { POHTTP_VARIABLES } from '#services/pohttp/config.ts';
import { POWEB_VARIABLES } from '#services/poweb/config.ts';
import { WORKERS_VARIABLES } from '#services/workers/config.ts';

/** The variables of the gateway in one process. */
export const STANDALONE_VARIABLES = {
  ...serviceVariables,
  log: {
    ...logVariables,
    format: choice('LOG_FORMAT', ['json', 'pretty', 'gcp'], {
      meaning: 'the format of log lines',
      default: 'pretty',
    }),
  },
  internetAddress: localInternetAddress,
  dataFolder,
  host: bindHostVariable('127.0.0.1'),
  acceptsPublishedKey,
  maxSignalledOctets,
  acceptsWithdrawals,
  ...BACKING_VARIABLES,
  quotas: quotaVariables,
  registration,
  held: heldVariables,
  requests: requestIdVariables,
  poweb: POWEB_VARIABLES,
  collection: COLLECTION_VARIABLES,
  pohttp: POHTTP_VARIABLES,
  cogrpc: COGRPC_VARIABLES,
  workers: WORKERS_VARIABLES,
  certificates,
};

/** The configuration of the gateway in one process. */
export type StandaloneConfig = Values<typeof STANDALONE_VARIABLES>;

/**
 * Reads the gateway's configuration.
 *
 * @throws {ConfigurationError}
 */
export function readStandaloneConfig(environment: Environment): StandaloneConfig {
  const config = readConfiguration(environment, STANDALONE_VARIABLES);
  if (config.certificates.kind === 'acme' && isLocalAddress(config.internetAddress)) {
    const fault = `INTERNET_ADDRESS is required with CERTIFICATES=acme: ${localInternetAddress.meaning}`;
    throw new ConfigurationError([fault]);
  }
  return config;
}
