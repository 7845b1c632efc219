import { BACKING_DEADLINE_MS } from '#backing/calls.ts';
import type { VerifyingIdentity } from '#gateway/identity/identity.ts';
import { ClientNetworks } from '#runtime/http/client-networks.ts';
import { type RequestIdOptions, RequestIds } from '#runtime/http/request-ids.ts';
import type { ProcessMetrics } from '#runtime/metrics.ts';
import { watchClock } from './clock-watch.ts';
import { Foundations } from './foundations.ts';
import { LatestTime } from './latest-time.ts';
import type { LocalDatabases } from './local-databases.ts';
import { checksOf, type ServiceWithNeeds } from './needs.ts';
import { Operations, type OperationsConfig } from './operations.ts';
import { type BackedPorts, type BackingConfig, openPorts, type PortsOf } from './ports.ts';
import { type GivenParts, type ProcessParts, processParts } from './process-parts.ts';

interface ServiceConfig extends BackingConfig, OperationsConfig {
  /** Missing in a service that answers no requests. */
  readonly requests?: RequestIdOptions;
}

/** Test overrides; only `log` is required. They stay open. */
export type Given = GivenParts & Partial<BackedPorts>;

/** What a service is wired from. */
type ServiceParts<Config extends BackingConfig> = ProcessParts &
  PortsOf<Config> & {
    readonly requestIds: RequestIds;
    readonly clientNetworks: ClientNetworks;
    readonly databases: LocalDatabases;
  };

/** The parts of a service that are its own. */
interface Service<Config extends BackingConfig, Own, Served> {
  /**
   * Opens what the service needs besides its ports; retried while a backing service is unavailable.
   */
  readonly open: (parts: ServiceParts<Config>) => Promise<Own>;
  /**
   * Wires the service and listens.
   *
   * @param opened - closes what is put on it, in reverse order, before everything else
   */
  readonly serve: (
    parts: ServiceParts<Config> & Own,
    opened: AsyncDisposableStack,
    operations: Operations,
  ) => Promise<Served>;
}

/** A running service; disposing of it drains. */
export type Running<Served> = Served &
  AsyncDisposable & {
    /** The ports in use, including those that the system chose. */
    readonly listening: { readonly operations: number };
  };

/**
 * Starts a service: opens its backing and operations port, watches the clock, waits for the
 * gateway's identity, and lets it serve.
 *
 * Waits for unavailable backing services, but never for another service.
 *
 * @throws {BackingUnavailableError} if the data folder cannot be used
 */
export async function composeService<
  Config extends ServiceConfig,
  Own extends { readonly identity: VerifyingIdentity },
  Served extends { readonly listening: object },
>(
  name: ServiceWithNeeds,
  config: Config,
  given: Given,
  { open, serve }: Service<Config, Own, Served>,
): Promise<Running<Served>> {
  await using opened = new AsyncDisposableStack();
  const process = processParts(name, given);
  const backing = { ...process, deadlineMs: BACKING_DEADLINE_MS };
  const foundations = opened.use(new Foundations(backing));
  const ports = await openPorts(config, foundations, given);
  const requestIds = new RequestIds(config.requests);
  const clientNetworks = new ClientNetworks(config.requests?.trustedProxies);
  const { databases } = foundations;
  const parts = { ...process, ...ports, requestIds, clientNetworks, databases };
  const operations = opened.use(await Operations.open(process, config, checksOf(name, ports)));
  opened.use(await watchClock(process, config, latestTime(config, { ...process, ...ports })));
  const own = await operations.untilAvailable(() => open(parts));
  operations.alsoCheck('identity', () => own.identity.trustedCertificates());
  if (config.objectStore.kind === 'filesystem') {
    observeDisk(process.processMetrics, foundations);
  }
  const served = await serve({ ...parts, ...own }, opened, operations);
  operations.started();
  opened.defer(() => operations.drain());
  const closing = opened.move();
  return {
    ...served,
    listening: { ...served.listening, operations: operations.port },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

/** Kept by the embedded backing only, which has no other witness. */
function latestTime(
  { recordStore }: BackingConfig,
  parts: ConstructorParameters<typeof LatestTime>[0],
): LatestTime | undefined {
  return recordStore.kind === 'sqlite' ? new LatestTime(parts) : undefined;
}

function observeDisk(metrics: ProcessMetrics, { databases }: Foundations): void {
  metrics.observe(
    'disk_room_octets',
    'What the disk of the data folder still takes before parcels are refused',
    async () => (await databases.roomOctets()) ?? Number.POSITIVE_INFINITY,
  );
}
