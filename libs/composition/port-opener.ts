import type { Clock } from '#clock/clock.ts';
import type { GatewayPorts } from '#gateway/gateway.ts';
import type { KeyVault } from '#key-vault/port.ts';
import type { Log } from '#log/log.ts';
import type { ObjectStore } from '#object-store/port.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { Signals } from '#signals/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import type { Foundations } from './foundations.ts';
import { type KeyVaultConfig, keyVault, openKeyVault, sharedKeyVault } from './key-vault.ts';
import { LocalDatabases } from './local-databases.ts';
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
import { openWorkQueue, sharedWorkQueue, type WorkQueueConfig, workQueue } from './work-queue.ts';

/** Names the adapters of a gateway that is one process; embedded ones unless told otherwise. */
export const BACKING_VARIABLES = {
  objectStore,
  recordStore,
  keyVault,
  signals,
  workQueue,
} as const;

/**
 * Names the adapters of a service that is one of several; it takes those it needs.
 * Each must be set, so that all services and commands are told the same.
 */
export const SHARED_BACKING_VARIABLES = {
  objectStore: sharedObjectStore,
  recordStore: sharedRecordStore,
  keyVault: sharedKeyVault,
  signals: sharedSignals,
  workQueue: sharedWorkQueue,
} as const;

/** What {@link PortOpener} can open. */
export interface BackingConfig {
  readonly objectStore: ObjectStoreConfig;
  readonly recordStore: RecordStoreConfig;
  readonly keyVault: KeyVaultConfig;
  readonly signals: SignalsConfig;
  readonly workQueue: WorkQueueConfig;
}

/** The ports that are backed. */
export type BackedPorts = Pick<GatewayPorts, 'objects' | 'records' | 'vault' | 'signals' | 'queue'>;

/**
 * Opens exactly the adapters that it is asked for, loading their libraries only
 * then, and closes them in reverse order.
 */
export class PortOpener implements AsyncDisposable {
  readonly #opened = new AsyncDisposableStack();
  readonly #databases: LocalDatabases;
  readonly #foundations: Foundations;

  /**
   * @param options.beside - whether to open what is on this machine beside the process
   * that runs the gateway, as maintenance commands do; false by default
   * @param options.deadlineMs - longest time for one call to a backing service; 2 000 by
   * default, since clients do not wait for much longer
   */
  constructor(options: {
    readonly clock: Clock;
    readonly log: Log;
    readonly beside?: boolean;
    readonly deadlineMs?: number;
  }) {
    const { clock, log, beside = false, deadlineMs = 2_000 } = options;
    this.#databases = this.#opened.use(new LocalDatabases({ beside, log }));
    this.#foundations = { clock, log, databases: this.#databases, deadlineMs };
  }

  /** What this machine's disk still takes before parcels are refused, in octets; null if none are on it. */
  diskRoomOctets(): Promise<number | null> {
    return this.#databases.roomOctets();
  }

  async objectStore(config: ObjectStoreConfig): Promise<ObjectStore> {
    return this.#opened.use(await openObjectStore(config, this.#foundations));
  }

  async recordStore(config: RecordStoreConfig): Promise<RecordStore> {
    return this.#opened.use(await openRecordStore(config, this.#foundations));
  }

  async keyVault(config: KeyVaultConfig): Promise<KeyVault> {
    return this.#opened.use(await openKeyVault(config, this.#foundations));
  }

  async signals(config: SignalsConfig): Promise<Signals> {
    return this.#opened.use(await openSignals(config, this.#foundations));
  }

  async workQueue(config: WorkQueueConfig): Promise<WorkQueue> {
    return this.#opened.use(await openWorkQueue(config, this.#foundations));
  }

  /** All that a gateway can stand on, but for what is given. */
  async all(config: BackingConfig, given: Partial<BackedPorts> = {}): Promise<BackedPorts> {
    return {
      objects: given.objects ?? (await this.objectStore(config.objectStore)),
      records: given.records ?? (await this.recordStore(config.recordStore)),
      vault: given.vault ?? (await this.keyVault(config.keyVault)),
      signals: given.signals ?? (await this.signals(config.signals)),
      queue: given.queue ?? (await this.workQueue(config.workQueue)),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
