import { localInternetAddress } from '#composition/internet-address.ts';
import { BACKING_VARIABLES } from '#composition/ports.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { operationsVariables } from '#runtime/operations-server.ts';
import { bindHostVariable } from '#runtime/service.ts';
import { COGRPC_VARIABLES } from '#services/cogrpc/config.ts';
import { COLLECTION_SERVICE_VARIABLES, COLLECTION_VARIABLES } from '#services/collection/config.ts';
import { certificates } from '#services/edge/config.ts';
import { POHTTP_VARIABLES } from '#services/pohttp/config.ts';
import { POWEB_VARIABLES } from '#services/poweb/config.ts';
import { WORKERS_VARIABLES } from '#services/workers/config.ts';

/** What whoever looks at a gateway must know of it. */
export const LOOK_VARIABLES = {
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
  maxCollectors: COLLECTION_VARIABLES.maxCollectors,
  certificates,
  dohUrl: WORKERS_VARIABLES.delivery.dohUrl,
};

/** A gateway, as {@link LOOK_VARIABLES} describe it. */
export type LookConfig = Values<typeof LOOK_VARIABLES>;

/**
 * Reads {@link LOOK_VARIABLES}.
 *
 * @throws {ConfigurationError}
 */
export function readLookConfig(environment: Environment): LookConfig {
  return readConfiguration(environment, LOOK_VARIABLES);
}

/** The folder of whatever is kept on this machine; null if nothing is. */
export function dataFolderOf(config: LookConfig): string | null {
  const { objectStore, recordStore, keyVault, workQueue } = config;
  const kept = [objectStore, recordStore, keyVault, workQueue].find((each) => 'folder' in each);
  return kept && 'folder' in kept ? kept.folder : null;
}

/** Whether there is a database in that folder. */
export function hasDatabase({ objectStore, recordStore, workQueue }: LookConfig): boolean {
  return [objectStore, recordStore, workQueue].some((each) => 'folder' in each);
}
