import { type CloudGateway, provisionCloudGateway } from '#test/services/cloud-gateway.ts';
import { type ServiceName, ServiceProcess } from '#test/services/service-process.ts';

/** A gateway on servers of this run, whose services are started as they are needed. */
export class BenchCloud implements AsyncDisposable {
  readonly environment: CloudGateway['environment'];
  readonly #opened = new AsyncDisposableStack();

  private constructor(environment: CloudGateway['environment']) {
    this.environment = environment;
  }

  static async start(): Promise<BenchCloud> {
    return new BenchCloud((await provisionCloudGateway()).environment);
  }

  /**
   * Starts a service, as a process that ends with this at the latest.
   *
   * @param environment - variables that differ
   */
  async service(
    name: ServiceName,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ServiceProcess> {
    const whole = {
      COLLECTION_DRAIN: '0s',
      COLLECTION_LINGER: '0s',
      LOG_LEVEL: 'warn',
      PRE_REGISTRATIONS_PER_SECOND: '1000',
      ...this.environment,
      ...environment,
    };
    return this.#opened.use(await ServiceProcess.startReady(name, whole));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
