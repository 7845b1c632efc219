import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backing } from '#test/backing/backing.ts';
import { type FaultProxy, startFaultProxy } from '#test/backing/fault-proxy.ts';
import { freePort } from '#test/backing/free-ports.ts';
import { provisionSmallCloud } from '#test/services/cloud-gateway.ts';
import { type ServiceName, ServiceProcess } from '#test/services/service-process.ts';
import { keysInBucket } from './bucket-keys.ts';
import type { TestedGateway } from './tested-gateway.ts';

/** Prefix of the folders that stand for machines' disks. */
const DISK = 'awala-small-cloud-';

/** A process on a machine of its own, with its disk. */
interface Machine {
  readonly process: ServiceProcess<'standalone'>;
  readonly disk: string;
}

/**
 * The gateway in one process on Cloud Storage, Firestore and Cloud KMS, with signals and queue in
 * itself. Its machine can be lost with its disk; another takes its place, and its address.
 */
export class SmallCloud implements TestedGateway {
  /** Between the gateway and Firestore. */
  readonly firestore: FaultProxy;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #ports: Readonly<Record<ServiceName, number>>;
  #machine: Machine;

  private constructor(parts: {
    readonly firestore: FaultProxy;
    readonly environment: Readonly<Record<string, string>>;
    readonly ports: Readonly<Record<ServiceName, number>>;
    readonly machine: Machine;
  }) {
    this.firestore = parts.firestore;
    this.#environment = parts.environment;
    this.#ports = parts.ports;
    this.#machine = parts.machine;
  }

  /** @param environment - further variables */
  static async start(environment: Readonly<Record<string, string>>): Promise<SmallCloud> {
    const disk = await newDisk();
    const gateway = await provisionSmallCloud(disk);
    const firestore = await startFaultProxy((await backing('firestore')).address);
    const [poweb, pohttp, cogrpc] = [await freePort(), await freePort(), await freePort()];
    const whole = {
      LOG_LEVEL: 'warn',
      ...gateway.environment,
      FIRESTORE_EMULATOR_HOST: firestore.address,
      ...environment,
      // What a lost machine left behind must be found by the first sweep of the next.
      SWEEP_INTERVAL: '10m',
      POWEB_PORT: `${poweb}`,
      POHTTP_PORT: `${pohttp}`,
      COGRPC_PORT: `${cogrpc}`,
    };
    return new SmallCloud({
      firestore,
      environment: whole,
      ports: { poweb, collection: poweb, pohttp, cogrpc, workers: 0 },
      machine: await startMachine(whole, disk),
    });
  }

  port(name: ServiceName): number {
    return this.#ports[name];
  }

  get pids(): readonly number[] {
    return [this.#machine.process.pid];
  }

  /** The output of the present machine's process. */
  get output(): string {
    return this.#machine.process.output;
  }

  /** The machine is gone at once, with all that is on its disk. @returns how its process ended */
  async loseMachine(): Promise<number | string> {
    return endMachine(this.#machine, 'SIGKILL');
  }

  /** The machine is shut down, then deleted with its disk. @returns how its process ended */
  async retireMachine(): Promise<number | string> {
    return endMachine(this.#machine, 'SIGTERM');
  }

  /** Starts the gateway on another machine with an empty disk; resolves once it is ready. */
  async startElsewhere(): Promise<void> {
    this.#machine = await startMachine(this.#environment, await newDisk());
  }

  /** Starts the gateway on a second machine as well, at another address. Disposing of it loses that machine. */
  async startBeside(): Promise<AsyncDisposable> {
    const ports = { POWEB_PORT: '0', POHTTP_PORT: '0', COGRPC_PORT: '0' };
    const beside = await startMachine({ ...this.#environment, ...ports }, await newDisk());
    return { [Symbol.asyncDispose]: async () => void (await endMachine(beside, 'SIGKILL')) };
  }

  async storedKeys(): Promise<ReadonlySet<string>> {
    const { address } = await backing('gcs');
    return keysInBucket(address, this.#environment.GCS_BUCKET ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.loseMachine();
    await this.firestore[Symbol.asyncDispose]();
  }
}

function newDisk(): Promise<string> {
  return mkdtemp(join(tmpdir(), DISK));
}

/** @returns how its process ended */
async function endMachine(
  { process, disk }: Machine,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<number | string> {
  const end = await process.stop(signal);
  await rm(disk, { recursive: true, force: true });
  return end;
}

async function startMachine(
  environment: Readonly<Record<string, string>>,
  disk: string,
): Promise<Machine> {
  const whole = { ...environment, DATA_DIR: disk };
  return { process: await ServiceProcess.startReady('standalone', whole), disk };
}
