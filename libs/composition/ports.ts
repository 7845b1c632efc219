import type { GatewayPorts } from '#gateway/gateway.ts';
import type { Foundations } from './foundations.ts';
import { openHeldIndex } from './held-index.ts';
import { type KeyVaultConfig, keyVault, openKeyVault, sharedKeyVault } from './key-vault.ts';
import {
  type ObjectStoreConfig,
  objectStore,
  openObjectStore,
  sharedObjectStore,
} from './object-store.ts';
import {
  openRecordStore,
  type RecordStoreConfig,
  recordStore,
  sharedRecordStore,
} from './record-store.ts';
import { openSignals, type SignalsConfig, sharedSignals, signals } from './signals.ts';
import { openTallies } from './tallies.ts';
import { openWorkQueue, sharedWorkQueue, type WorkQueueConfig, workQueue } from './work-queue.ts';

/** The adapters of the gateway in one process, by default embedded. */
export const BACKING_VARIABLES = {
  objectStore,
  recordStore,
  keyVault,
  signals,
  workQueue,
} as const;

/** The adapters of a service among several that only verifies: it has no queue. */
export const VERIFYING_BACKING_VARIABLES = {
  objectStore: sharedObjectStore,
  recordStore: sharedRecordStore,
  keyVault: sharedKeyVault,
  signals: sharedSignals,
} as const;

/**
 * The adapters of a service among several. All are required, so that services and commands agree.
 */
export const SHARED_BACKING_VARIABLES = {
  ...VERIFYING_BACKING_VARIABLES,
  workQueue: sharedWorkQueue,
} as const;

/** The adapters of a service. */
export interface BackingConfig {
  readonly objectStore: ObjectStoreConfig;
  readonly recordStore: RecordStoreConfig;
  readonly keyVault: KeyVaultConfig;
  readonly signals: SignalsConfig;
  /** Missing in a service without a queue. */
  readonly workQueue?: WorkQueueConfig;
}

/** The ports with a backing service. */
export type BackedPorts = Required<
  Pick<
    GatewayPorts,
    'objects' | 'records' | 'vault' | 'signals' | 'heldIndex' | 'tallies' | 'queue'
  >
>;

/** The ports that a configuration names an adapter for. */
export type PortsOf<Config extends BackingConfig> = Config extends {
  readonly workQueue: WorkQueueConfig;
}
  ? BackedPorts
  : Omit<BackedPorts, 'queue'>;

/**
 * Opens every port that the configuration names an adapter for and that is not `given`; loads only
 * those adapters' libraries.
 *
 * @throws {BackingUnavailableError} if the data folder cannot be used
 */
export async function openPorts<Config extends BackingConfig>(
  config: Config,
  foundations: Foundations,
  given: Partial<BackedPorts> = {},
): Promise<PortsOf<Config>> {
  const ports = {
    objects: given.objects ?? (await openObjectStore(config.objectStore, foundations)),
    records: given.records ?? (await openRecordStore(config.recordStore, foundations)),
    vault: given.vault ?? (await openKeyVault(config.keyVault, foundations)),
    signals: given.signals ?? (await openSignals(config.signals, foundations)),
    heldIndex: given.heldIndex ?? (await openHeldIndex(config, foundations)),
    tallies: given.tallies ?? (await openTallies(config, foundations)),
    ...(config.workQueue && {
      queue: given.queue ?? (await openWorkQueue(config.workQueue, foundations)),
    }),
  };
  // There is a queue if its adapter is named, which TypeScript cannot follow.
  return ports as PortsOf<Config>;
}
