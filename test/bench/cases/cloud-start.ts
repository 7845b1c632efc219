import { SERVICE_NAMES } from '#test/services/service-process.ts';
import { BenchCloud } from '../cloud/bench-cloud.ts';
import { median } from '../measure.ts';
import { atMost, milliseconds, type Requirement, type Row } from '../report.ts';

const STARTS = 3;
const MAX_START_MS = 2_500;

/** How long a service takes from the start of its process until it says that it is ready. */
export async function run(): Promise<readonly Row[]> {
  await using cloud = await BenchCloud.start();
  const requirements: Requirement[] = [];
  const all: number[] = [];
  for (const name of SERVICE_NAMES) {
    const startsMs: number[] = [];
    for (let start = 0; start < STARTS; start++) {
      const beginMs = performance.now();
      const service = await cloud.service(name);
      startsMs.push(performance.now() - beginMs);
      await service.stop();
    }
    requirements.push(atMost(`for ${name}`, median(startsMs), MAX_START_MS, ' ms'));
    all.push(...startsMs);
  }
  return [
    {
      work: `start of a service’s process to ready, median of ${STARTS}`,
      peer: '',
      ours: `${milliseconds(Math.min(...all))} to ${milliseconds(Math.max(...all))}`,
      floor: '',
      requirements,
    },
  ];
}
