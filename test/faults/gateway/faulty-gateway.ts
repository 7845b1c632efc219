import { backing, missingProgram } from '#test/backing/backing.ts';
import { type FaultProxy, startFaultProxy } from '#test/backing/fault-proxy.ts';
import { type HttpFaultProxy, startHttpFaultProxy } from '#test/backing/http-fault-proxy.ts';
import { obtainRedis } from '#test/backing/programs.ts';
import { missingForServices } from '#test/services/cloud-gateway.ts';
import { type FiveServices, startFiveServices } from '#test/services/five-services.ts';
import { type ServiceName, ServiceProcess } from '#test/services/service-process.ts';
import { keysInBucket } from './bucket-keys.ts';
import { OwnRedis } from './own-redis.ts';
import type { TestedGateway } from './tested-gateway.ts';

const redisProgram = await obtainRedis();

/** The `skip` option of a suite: false, or what to install. */
export const missingForFaults = missingProgram(redisProgram) || (await missingForServices());

/** Proxies between the services and their backing. */
interface Lines {
  readonly redis: FaultProxy;
  readonly gcs: HttpFaultProxy;
  readonly firestore: FaultProxy;
  readonly kms: FaultProxy;
}

/** A gateway of five processes, each of which can die, on backing services that can fail. */
export class FaultyGateway implements TestedGateway {
  /** The Redis behind `lines.redis`, used by this gateway only. */
  readonly redis: OwnRedis;
  readonly lines: Lines;
  readonly #services: FiveServices;
  readonly #processes: Map<ServiceName, ServiceProcess>;
  readonly #opened: AsyncDisposableStack;

  private constructor(
    parts: Pick<FaultyGateway, 'redis' | 'lines'>,
    services: FiveServices,
    opened: AsyncDisposableStack,
  ) {
    this.redis = parts.redis;
    this.lines = parts.lines;
    this.#services = services;
    this.#processes = new Map(Object.values(services.services).map((one) => [one.name, one]));
    this.#opened = opened;
  }

  /** @param environment - variables of all services */
  static async start(environment: Readonly<Record<string, string>>): Promise<FaultyGateway> {
    await using opened = new AsyncDisposableStack();
    const program = 'path' in redisProgram ? redisProgram.path : '';
    const redis = opened.use(await OwnRedis.start(program));
    const proxied = async (name: 'firestore' | 'kms') =>
      opened.use(await startFaultProxy((await backing(name)).address));
    const lines: Lines = {
      redis: opened.use(await startFaultProxy(redis.address)),
      gcs: opened.use(await startHttpFaultProxy((await backing('gcs')).address)),
      firestore: await proxied('firestore'),
      kms: await proxied('kms'),
    };
    const services = opened.use(
      await startFiveServices({
        REDIS_URL: `redis://${lines.redis.address}`,
        GCS_ENDPOINT: lines.gcs.origin,
        FIRESTORE_EMULATOR_HOST: lines.firestore.address,
        KMS_EMULATOR_HOST: lines.kms.address,
        ...environment,
      }),
    );
    return new FaultyGateway({ redis, lines }, services, opened.move());
  }

  /** A service's port, the same after each restart. */
  port(name: ServiceName): number {
    return this.#process(name).port;
  }

  /** Process ids of the running services. */
  get pids(): readonly number[] {
    return [...this.#processes.values()].map(({ pid }) => pid);
  }

  /** @returns its exit code, or the signal that ended it */
  async end(name: ServiceName, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string> {
    return this.#process(name).stop(signal);
  }

  /** Starts a service after {@link end}; resolves once it is ready. */
  async startAgain(
    name: ServiceName,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { port, operationsPort } = this.#process(name);
    const started = await ServiceProcess.start(name, {
      ...this.#services.environment,
      ...environment,
      [`${name.toUpperCase()}_PORT`]: `${port}`,
      OPERATIONS_PORT: `${operationsPort}`,
    });
    this.#processes.set(name, this.#opened.use(started));
    await started.untilReady();
  }

  /** A service's output since its last start. */
  outputOf(name: ServiceName): string {
    return this.#process(name).output;
  }

  /** The keys of all stored objects. */
  async storedKeys(): Promise<ReadonlySet<string>> {
    const { address } = await backing('gcs');
    return keysInBucket(address, this.#services.environment.GCS_BUCKET ?? '');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }

  #process(name: ServiceName): ServiceProcess {
    const running = this.#processes.get(name);
    if (!running) {
      throw new RangeError(`no such service: ${name}`);
    }
    return running;
  }
}
