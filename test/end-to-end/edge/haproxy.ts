import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '#test/backing/free-ports.ts';
import { HaproxyProcess } from './haproxy-process.ts';

const LOOK_EVERY_MS = 20;

/** Where a service listens, and where it tells whether it is ready. */
interface EdgeBackend {
  readonly port: number;
  readonly operationsPort: number;
}

export interface EdgeBackends {
  readonly poweb: readonly [EdgeBackend, EdgeBackend];
  /** Collection's own load balancers, or its processes. */
  readonly collection: readonly [EdgeBackend, EdgeBackend];
}

/** HAProxy as the edge before PoWeb and collection, which phones know as one host. */
export function startEdge(
  backends: EdgeBackends,
  times: Readonly<Record<'POWEB_TIMEOUT' | 'COLLECTION_TIMEOUT', string>>,
): Promise<HaproxyProcess> {
  return HaproxyProcess.start({
    ...times,
    ...variablesOf('POWEB', backends.poweb),
    ...variablesOf('COLLECTION', backends.collection),
  });
}

function variablesOf(name: string, backends: readonly EdgeBackend[]) {
  const entries = backends.flatMap(({ port, operationsPort }, index) => [
    [`${name}_${index + 1}`, `127.0.0.1:${port}`],
    [`${name}_${index + 1}_OPERATIONS`, `${operationsPort}`],
  ]);
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}

/** The ports of each pod of collection, which differ by address. */
export interface PodPorts {
  readonly port: number;
  readonly operationsPort: number;
  readonly agentPort: number;
}

export async function freePodPorts(): Promise<PodPorts> {
  const [port, operationsPort, agentPort] = [await freePort(), await freePort(), await freePort()];
  return { port, operationsPort, agentPort };
}

interface BalancerOptions {
  /** Where the name of the pods is resolved. */
  readonly nameserver: string;
  readonly ports: PodPorts;
  /** The address that it connects to pods from. */
  readonly source: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** HAProxy as a load balancer of collection's own, as the chart runs several. */
export function startBalancer({
  nameserver,
  ports,
  source,
  variables = {},
}: BalancerOptions): Promise<HaproxyProcess> {
  return HaproxyProcess.start({
    COLLECTION_PODS: `pods.test:${ports.port}`,
    COLLECTION_OPERATIONS: `${ports.operationsPort}`,
    COLLECTION_AGENT: `${ports.agentPort}`,
    NAMESERVER: nameserver,
    MOST_PODS: '8',
    EDGE_SOURCE: source,
    ...variables,
  });
}

/**
 * Resolves once so many processes of collection are in a state for a load balancer, such as `UP` or `DRAIN`.
 *
 * @throws the signal's reason, once it is aborted
 */
export async function untilCount(
  balancer: HaproxyProcess,
  state: string,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  while ((await balancer.countOf(state)) !== count) {
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
