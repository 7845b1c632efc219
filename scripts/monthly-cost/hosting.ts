import type { CostLine } from './cost.ts';
import { PRICES } from './prices.ts';
import type { Usage } from './usage.ts';

const HOURS = 730;

/**
 * Commands a second that one server of Redis takes: those of the index took 9 to 27 µs of its core on
 * 29 November 2026, sent one by one or together, and some of the time is kept free.
 */
const COMMANDS_PER_SERVER = 30_000;
/** The part of an instance that may be filled. */
const FILLED = 0.8;
/** Each in another zone. */
const LEAST_PRIMARIES = 3;

/** What the processes run on, and what stands before and between them. */
export function hostingCost(usage: Usage): CostLine[] {
  const { cluster, balancing } = PRICES;
  const cores =
    cluster.feeHour + usage.vcpus * cluster.vcpuHour + usage.memoryGibibytes * cluster.gibibyteHour;
  const inCluster = usage.form === 'cluster' ? 1 : 0;
  return [
    { what: 'Redis', dollars: inCluster * redisCost(usage) },
    { what: 'Kubernetes: cores and memory', dollars: inCluster * cores * HOURS },
    {
      what: 'Load balancing',
      dollars:
        inCluster * (balancing.rulesHour * HOURS + usage.balancedGibibytes * balancing.gibibyte),
    },
    { what: 'One machine, its disk and its address', dollars: machineCost(usage) },
  ];
}

/** Nodes of a Redis Cluster, replicas included; 0 where one instance of the standard tier is enough. */
export function redisNodes({ redisGigabytes, redisCommandsAtPeak }: Usage): number {
  const { standard, cluster } = PRICES.redis;
  const servers = Math.ceil(redisCommandsAtPeak / COMMANDS_PER_SERVER);
  if (servers <= 1 && redisGigabytes <= standard.gigabytes * FILLED) {
    return 0;
  }
  const bySize = Math.ceil(redisGigabytes / cluster.usableGigabytes);
  return 2 * Math.max(LEAST_PRIMARIES, servers, bySize);
}

function redisCost(usage: Usage): number {
  const { standard, cluster } = PRICES.redis;
  const nodes = redisNodes(usage);
  const hourly =
    nodes === 0 ? standard.gigabyteHour * standard.gigabytes : nodes * cluster.nodeHour;
  return hourly * HOURS;
}

function machineCost({ form }: Usage): number {
  if (form === 'cluster') {
    return 0;
  }
  const { addressHour, diskGibibyteMonth } = PRICES.machine;
  const { hour, diskGibibytes } = PRICES.machines[form];
  return (hour + addressHour) * HOURS + diskGibibytes * diskGibibyteMonth;
}
