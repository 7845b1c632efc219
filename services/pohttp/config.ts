import { VERIFYING_BACKING_VARIABLES } from '#composition/ports.ts';
import { heldVariables, quotaVariables } from '#composition/quota-variables.ts';
import { sharedServiceVariables } from '#composition/service-variables.ts';
import { maxSignalledOctets } from '#composition/signals.ts';
import { acceptsWithdrawals } from '#composition/withdrawal-variables.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { port } from '#runtime/configuration/variables.ts';
import { requestIdVariables } from '#runtime/http/request-ids.ts';

/** The variables of PoHTTP in any process. */
export const POHTTP_VARIABLES = {
  port: port('POHTTP_PORT', { meaning: 'the port for Internet apps', default: 8081 }),
};

/** The variables of the PoHTTP service. */
export const POHTTP_SERVICE_VARIABLES = {
  ...sharedServiceVariables,
  ...VERIFYING_BACKING_VARIABLES,
  maxSignalledOctets,
  acceptsWithdrawals,
  quotas: quotaVariables,
  held: heldVariables,
  requests: requestIdVariables,
  pohttp: POHTTP_VARIABLES,
};

/** The configuration of the PoHTTP service. */
export type PohttpConfig = Values<typeof POHTTP_SERVICE_VARIABLES>;

/**
 * Reads the service's configuration.
 *
 * @throws {ConfigurationError}
 */
export function readPohttpConfig(environment: Environment): PohttpConfig {
  return readConfiguration(environment, POHTTP_SERVICE_VARIABLES);
}
