import type { Variables } from '#runtime/configuration/configuration.ts';
import { COGRPC_SERVICE_VARIABLES } from '#services/cogrpc/config.ts';
import { COLLECTION_SERVICE_VARIABLES } from '#services/collection/config.ts';
import { POHTTP_SERVICE_VARIABLES } from '#services/pohttp/config.ts';
import { POWEB_SERVICE_VARIABLES } from '#services/poweb/config.ts';
import { BACKUP_VARIABLES } from '#services/standalone/backup/backup-variables.ts';
import { PROVISION_VARIABLES } from '#services/standalone/commands/provision.ts';
import { STANDALONE_VARIABLES } from '#services/standalone/config.ts';
import { SETUP_VARIABLES } from '#services/standalone/setup/setup-variables.ts';
import { WORKERS_SERVICE_VARIABLES } from '#services/workers/config.ts';

/** The variables of each service that runs as its own process. */
export const SERVICES = {
  poweb: POWEB_SERVICE_VARIABLES,
  collection: COLLECTION_SERVICE_VARIABLES,
  pohttp: POHTTP_SERVICE_VARIABLES,
  cogrpc: COGRPC_SERVICE_VARIABLES,
  workers: WORKERS_SERVICE_VARIABLES,
} as const satisfies Readonly<Record<string, Variables>>;

/** The same with the gateway in one process, and the commands that read more than the backing's variables. */
export const PROGRAMS: Readonly<Record<string, Variables>> = {
  ...SERVICES,
  standalone: STANDALONE_VARIABLES,
  provision: PROVISION_VARIABLES,
  backup: BACKUP_VARIABLES,
  setup: SETUP_VARIABLES,
};
