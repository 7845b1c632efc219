import { readFile } from 'node:fs/promises';
import { parseMetrics, sumOf } from '../running/metrics-text.ts';
import { askOperations, type OperationsPort } from '../running/operations-client.ts';
import { type Finding, ill, note, well } from './finding.ts';

const SUBJECT = 'open files';
/** Besides collectors: couriers, apps, files, backing services. */
const OTHERS = 1_000;
const NEARLY_ALL = 0.9;
const WHY =
  'Without a descriptor, connections are accepted only to be cut: phones, couriers and probes alike.';

/** Whether the process may open as many files as it may have connections. */
export async function descriptorFindings(
  at: OperationsPort,
  maxCollectors: number,
): Promise<readonly Finding[]> {
  const answer = await askOperations(at, '/metrics');
  const samples = parseMetrics(answer?.text ?? '');
  const open = sumOf(samples, 'process_open_fds');
  const limit = sumOf(samples, 'process_max_fds') ?? (await ownLimit());
  const remedy = `Raise the limit: LimitNOFILE= of the unit, ulimit -n in a shell; or lower MAX_COLLECTORS (${maxCollectors}).`;
  if (limit === null) {
    return [];
  }
  if (open !== null && open >= limit * NEARLY_ALL) {
    return [ill(SUBJECT, `${open} of ${limit} are in use`, { why: WHY, remedy })];
  }
  return [
    limit < maxCollectors + OTHERS
      ? note(SUBJECT, `${limit} at most, for ${maxCollectors} collectors and others`, remedy)
      : well(SUBJECT, `${limit} at most${open === null ? '' : `, ${open} in use`}`),
  ];
}

/** Of this process, which Node raised as far as it may: a gateway started here would have the same. */
async function ownLimit(): Promise<number | null> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}
