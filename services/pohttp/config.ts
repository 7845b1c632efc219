import { VERIFYING_BACKING_VARIABLES } from '#composition/ports.ts';
import { sharedServiceVariables } from '#composition/service-variables.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { port } from '#runtime/configuration/variables.ts';
import { requestIdVariables } from '#runtime/http/request-ids.ts';

/** What PoHTTP can be told, in any process that it runs in. */
export const POHTTP_VARIABLES = {
  port: port('POHTTP_PORT', { meaning: 'the port for Internet apps', default: 8081 }),
};

export const POHTTP_SERVICE_VARIABLES = {
  ...sharedServiceVariables,
  ...VERIFYING_BACKING_VARIABLES,
  requests: requestIdVariables,
  pohttp: POHTTP_VARIABLES,
};

export type PohttpConfig = Values<typeof POHTTP_SERVICE_VARIABLES>;

/** @throws {ConfigurationError} */
export function readPohttpConfig(environment: Environment): PohttpConfig {
  return readConfiguration(environment, POHTTP_SERVICE_VARIABLES);
}
