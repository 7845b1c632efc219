import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodeIdOfKey } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import { clockWitnesses } from '#composition/clock-witnesses.ts';
import { DATABASE_FILE } from '#composition/data-folder.ts';
import { Foundations } from '#composition/foundations.ts';
import { openKeyVault } from '#composition/key-vault.ts';
import { openObjectStore } from '#composition/object-store.ts';
import { openRecordStore } from '#composition/record-store.ts';
import type { KeyVault } from '#key-vault/port.ts';
import { silentLog } from '#log/log.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { type Handling, lacksSetUp } from '../installation.ts';
import { dataFolderOf, hasDatabase, type LookConfig } from '../look/look-variables.ts';
import { openRecordsToLook, openVaultToLook } from '../look/open-to-look.ts';
import { Resolvers } from '../reach/resolvers.ts';
import { runningService } from '../running/operations-client.ts';
import type { RunProgram } from '../running/run-program.ts';
import { backupFindings } from './backup-findings.ts';
import { challengeFindings } from './challenge-findings.ts';
import { clockFindings, releaseClockFinding } from './clock-findings.ts';
import { dataFolderFindings } from './data-folder-findings.ts';
import { databaseFindings } from './database-findings.ts';
import { descriptorFindings } from './descriptor-findings.ts';
import { diskFindings } from './disk-findings.ts';
import type { Finding } from './finding.ts';
import { gatewayFindings, runsHere } from './gateway-findings.ts';
import { identityFinding } from './identity-findings.ts';
import { localJobsFindings, messengerFindings } from './messenger-findings.ts';
import { objectFindings } from './object-findings.ts';
import { orderFindings } from './order-findings.ts';
import { portFindings } from './port-findings.ts';
import { publishedFindings } from './published-findings.ts';
import { recordFindings } from './record-findings.ts';
import { resolverFindings } from './resolver-findings.ts';
import { vaultFindings } from './vault-findings.ts';

/** Longer than services wait, to tell slow from unavailable. */
const DEADLINE_MS = 10_000;

/** What is looked at together. */
export interface Examination {
  readonly name: string;
  run(): Promise<readonly Finding[]>;
}

interface DoctorParts {
  readonly clock: Clock;
  /** The DNS resolver to ask instead of those that clients ask. */
  readonly resolver: URL | undefined;
  /** Certificates in PEM to trust instead of the public authorities. */
  readonly ca: string | undefined;
  /** What the gateway reads when it starts. */
  readonly environment: Environment;
  readonly installed: Handling;
  readonly run: RunProgram;
}

/** Everything that a gateway needs. What is kept on this machine is looked at, and never written. */
export class Examinations implements AsyncDisposable {
  readonly #config: LookConfig;
  readonly #parts: DoctorParts;
  readonly #opened = new AsyncDisposableStack();
  readonly #foundations: Foundations;
  readonly #resolvers: Resolvers;
  #vault: Promise<KeyVault> | null = null;
  #records: Promise<RecordStore> | null = null;
  #service: Promise<string | null> | null = null;

  constructor(config: LookConfig, parts: DoctorParts) {
    this.#config = config;
    this.#parts = parts;
    const { clock } = parts;
    this.#foundations = this.#opened.use(
      new Foundations({ clock, log: silentLog, beside: true, deadlineMs: DEADLINE_MS }),
    );
    this.#resolvers = this.#opened.use(new Resolvers(parts));
  }

  /** In the order in which to tell what they found. */
  list(): readonly Examination[] {
    const config = this.#config;
    return [
      { name: 'gateway', run: () => gatewayFindings(config, this.#gatewayParts) },
      { name: 'clock and DNS resolver', run: () => this.#clockAndResolver() },
      ...this.#ofDataFolder(),
      ...(this.#isNew ? [] : this.#ofServices()),
      { name: 'ports', run: () => portFindings(config, this.#parts) },
      ...(this.#isNew ? [] : this.#ofWorld()),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }

  #ofDataFolder(): readonly Examination[] {
    const { clock } = this.#parts;
    const folder = dataFolderOf(this.#config);
    if (folder === null) {
      return [];
    }
    const disk = { name: 'disk', run: () => diskFindings(folder, clock) };
    const ofDatabase = [
      { name: 'database', run: () => databaseFindings(folder, clock) },
      { name: 'backup', run: () => backupFindings(folder, clock) },
    ];
    return [
      { name: 'data folder', run: () => dataFolderFindings(folder) },
      ...(hasDatabase(this.#config) ? [disk, ...(this.#isNew ? [] : ofDatabase)] : []),
    ];
  }

  #ofServices(): readonly Examination[] {
    const { objectStore, recordStore, signals, workQueue } = this.#config;
    const { clock } = this.#parts;
    const foundations = this.#foundations;
    const examinations: Examination[] = [];
    if (objectStore.kind === 'gcs') {
      const open = () => openObjectStore(objectStore, foundations);
      examinations.push({ name: 'objects', run: () => objectFindings(objectStore, open, clock) });
    }
    if (recordStore.kind === 'firestore') {
      const open = () => this.#openRecords();
      examinations.push({ name: 'records', run: () => recordFindings(recordStore, open, clock) });
    }
    if (workQueue.kind === 'sqlite') {
      const run = () => localJobsFindings(workQueue.folder, clock);
      examinations.push({ name: 'jobs', run });
    }
    if ([signals, workQueue].some(({ kind }) => kind === 'redis')) {
      examinations.push({ name: 'Redis', run: () => messengerFindings(this.#config, foundations) });
    }
    const { keyVault, maxCollectors } = this.#config;
    const run = () => descriptorFindings(this.#operationsPort, maxCollectors);
    return [
      ...examinations,
      { name: 'keys', run: () => vaultFindings(keyVault, () => this.#openVault()) },
      { name: 'identity', run: async () => [await this.#identity()] },
      { name: 'open files', run },
    ];
  }

  /** How the world reaches the gateway. */
  #ofWorld(): readonly Examination[] {
    const { certificates, internetAddress } = this.#config;
    const published = { name: 'DNS and ways here', run: () => this.#published() };
    if (certificates.kind !== 'acme') {
      return [published];
    }
    const parts = { ...this.#parts, resolvers: this.#resolvers };
    const run = async () =>
      (await this.#isUp()) ? challengeFindings(certificates.name ?? internetAddress, parts) : [];
    return [
      published,
      { name: 'port 80', run },
      { name: 'orders of a certificate', run: () => orderFindings(certificates) },
    ];
  }

  /** Whether what a set-up makes is not there yet. */
  get #isNew(): boolean {
    const { internetAddress } = this.#config;
    const folder = dataFolderOf(this.#config);
    return (
      lacksSetUp(internetAddress, this.#parts.installed) &&
      folder !== null &&
      !existsSync(join(folder, DATABASE_FILE))
    );
  }

  get #gatewayParts() {
    return { ...this.#parts, service: () => this.#runningService() };
  }

  /** Which service answers on the operations port; null if none does. */
  #runningService(): Promise<string | null> {
    this.#service ??= runningService(this.#operationsPort);
    return this.#service;
  }

  /** Whether a gateway may be found by the world. */
  async #isUp(): Promise<boolean> {
    return !runsHere(this.#config) || (await this.#runningService()) !== null;
  }

  async #clockAndResolver(): Promise<readonly Finding[]> {
    const { clock, ca } = this.#parts;
    const { dohUrl, internetAddress: name } = this.#config;
    const [{ findings, time }, witnessed] = await Promise.all([
      resolverFindings(dohUrl, { clock, ca, name }),
      clockFindings(clockWitnesses(this.#config), clock),
    ]);
    const ask = async () => time?.theirsMs ?? null;
    const told = time ? await clockFindings([{ by: 'the DNS resolver', ask }], clock) : [];
    return [...releaseClockFinding(clock.now()), ...witnessed, ...told, ...findings];
  }

  #identity(): Promise<Finding> {
    const { clock } = this.#parts;
    const open = async () => ({
      vault: await this.#openVault(),
      records: await this.#openRecords(),
    });
    return identityFinding(open, clock);
  }

  #published(): Promise<readonly Finding[]> {
    const nodeId = () =>
      this.#openVault()
        .then((vault) => vault.publicKey())
        .then(nodeIdOfKey)
        // Another finding says what is wrong with the keys.
        .catch(() => null);
    const isUp = () => this.#isUp();
    const parts = { ...this.#parts, resolvers: this.#resolvers, nodeId, isUp };
    return publishedFindings(this.#config.internetAddress, parts);
  }

  get #operationsPort() {
    const { operationsHost: host, ports } = this.#config;
    return { host, port: ports.OPERATIONS_PORT };
  }

  #openVault(): Promise<KeyVault> {
    const { keyVault } = this.#config;
    this.#vault ??=
      keyVault.kind === 'local'
        ? openVaultToLook(keyVault.folder).then((vault) => this.#opened.use(vault))
        : openKeyVault(keyVault, this.#foundations);
    return this.#vault;
  }

  #openRecords(): Promise<RecordStore> {
    const { recordStore } = this.#config;
    const parts = { clock: this.#parts.clock, deadlineMs: DEADLINE_MS, opened: this.#opened };
    this.#records ??=
      recordStore.kind === 'sqlite'
        ? openRecordsToLook(recordStore.folder, parts)
        : openRecordStore(recordStore, this.#foundations);
    return this.#records;
  }
}
