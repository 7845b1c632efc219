import { type CloudGateway, provisionCloudGateway } from './cloud-gateway.ts';
import {
  type Program,
  SERVICE_NAMES,
  type ServiceName,
  ServiceProcess,
} from './service-process.ts';
import { SmallEdge } from './small-edge.ts';

/** A gateway of five processes, behind an edge that makes them one host. */
export interface FiveServices extends AsyncDisposable {
  readonly services: Readonly<Record<ServiceName, ServiceProcess>>;
  readonly environment: CloudGateway['environment'];
  /** Clients' ports: PoWeb and collection share one. */
  readonly listening: { readonly poweb: number; readonly pohttp: number; readonly cogrpc: number };
  /**
   * Replaces the process of collection as in a rolling restart: the new one is ready before the old one
   * is told to stop. Resolves once the old one has ended.
   */
  replaceCollection(): Promise<void>;
}

/** @param environment - variables that override the defaults */
export async function startFiveServices(
  environment: Readonly<Record<string, string>> = {},
  program: Program = {},
): Promise<FiveServices> {
  await using opened = new AsyncDisposableStack();
  const gateway = await provisionCloudGateway();
  const whole = {
    COLLECTION_DRAIN: '0s',
    COLLECTION_LINGER: '0s',
    LOG_LEVEL: 'warn',
    ...gateway.environment,
    ...environment,
  };
  const started: [ServiceName, ServiceProcess][] = [];
  for (const name of SERVICE_NAMES) {
    started.push([name, opened.use(await ServiceProcess.start(name, whole, program))]);
  }
  await Promise.all(started.map(([, service]) => service.untilReady()));
  const services = Object.fromEntries(started) as Record<ServiceName, ServiceProcess>;
  const edge = opened.use(
    await SmallEdge.start({ poweb: services.poweb.port, collection: services.collection.port }),
  );
  const closing = opened.move();
  return {
    services,
    environment: whole,
    listening: {
      poweb: edge.port,
      pohttp: services.pohttp.port,
      cogrpc: services.cogrpc.port,
    },
    async replaceCollection() {
      const before = services.collection;
      services.collection = closing.use(
        await ServiceProcess.startReady('collection', whole, program),
      );
      edge.lead({ collection: services.collection.port });
      await before.stop();
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
