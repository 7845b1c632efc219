import { localInternetAddress } from '#composition/internet-address.ts';
import { BACKING_VARIABLES } from '#composition/ports.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { operationsVariables } from '#runtime/operations-server.ts';
import { bindHostVariable } from '#runtime/service.ts';
import { COGRPC_VARIABLES } from '#services/cogrpc/config.ts';
import { COLLECTION_SERVICE_VARIABLES } from '#services/collection/config.ts';
import { POHTTP_VARIABLES } from '#services/pohttp/config.ts';
import { POWEB_VARIABLES } from '#services/poweb/config.ts';

/** What the doctor must know of a gateway. */
export const DOCTOR_VARIABLES = {
  internetAddress: localInternetAddress,
  ...BACKING_VARIABLES,
  host: bindHostVariable('127.0.0.1'),
  operationsHost: operationsVariables.host,
  ports: {
    POWEB_PORT: POWEB_VARIABLES.port,
    POHTTP_PORT: POHTTP_VARIABLES.port,
    COGRPC_PORT: COGRPC_VARIABLES.port,
    COLLECTION_PORT: COLLECTION_SERVICE_VARIABLES.port,
    OPERATIONS_PORT: operationsVariables.port,
  },
};

/** A gateway, as the doctor knows it. */
export type DoctorConfig = Values<typeof DOCTOR_VARIABLES>;

/**
 * Reads {@link DOCTOR_VARIABLES}.
 *
 * @throws {ConfigurationError}
 */
export function readDoctorConfig(environment: Environment): DoctorConfig {
  return readConfiguration(environment, DOCTOR_VARIABLES);
}
