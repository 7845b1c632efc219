import { SHARED_BACKING_VARIABLES } from '#composition/ports.ts';
import { heldVariables, quotaVariables } from '#composition/quota-variables.ts';
import { registration } from '#composition/registration-variable.ts';
import { sharedServiceVariables } from '#composition/service-variables.ts';
import { maxSignalledOctets } from '#composition/signals.ts';
import { acceptsWithdrawals } from '#composition/withdrawal-variables.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { integer, port } from '#runtime/configuration/variables.ts';
import { requestIdVariables } from '#runtime/http/request-ids.ts';

/** The variables of PoWeb in any process. */
export const POWEB_VARIABLES = {
  port: port('POWEB_PORT', { meaning: 'the port for phones', default: 8080 }),
  preRegistrationsPerSecond: integer('PRE_REGISTRATIONS_PER_SECOND', {
    meaning: 'how many phones may ask this process to register each second',
    default: 50,
    min: 1,
    max: 10_000,
  }),
};

/** The variables of the PoWeb service. */
export const POWEB_SERVICE_VARIABLES = {
  ...sharedServiceVariables,
  ...SHARED_BACKING_VARIABLES,
  maxSignalledOctets,
  acceptsWithdrawals,
  quotas: quotaVariables,
  registration,
  held: heldVariables,
  requests: requestIdVariables,
  poweb: POWEB_VARIABLES,
};

/** The configuration of the PoWeb service. */
export type PowebConfig = Values<typeof POWEB_SERVICE_VARIABLES>;

/**
 * Reads the service's configuration.
 *
 * @throws {ConfigurationError}
 */
export function readPowebConfig(environment: Environment): PowebConfig {
  return readConfiguration(environment, POWEB_SERVICE_VARIABLES);
}
