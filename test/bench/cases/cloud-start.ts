import { spawn } from 'node:child_process';
import { once as onceEmitted } from 'node:events';
import { join } from 'node:path';
import { SERVICE_NAMES } from '#test/services/service-process.ts';
import { BenchCloud } from '../cloud/bench-cloud.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import type { Row, Turn } from '../rows/row.ts';

const STARTS = 3;
const MAX_SECONDS = 2.5;
const LOAD_CLIENTS = join(import.meta.dirname, '../start/load-clients.js');

/** How long a service takes from the start of its process until it says that it is ready. */
export async function run(): Promise<readonly Row[]> {
  await using cloud = await BenchCloud.start();
  // What starts for the first time also fills Node's cache of compiled code.
  await loadingSeconds();
  const rows: Row[] = [];
  for (const name of SERVICE_NAMES) {
    await (await cloud.service(name)).stop();
    const meter = new ProcessorMeter();
    const turns: Turn[] = [];
    while (turns.length < STARTS) {
      const against = await loadingSeconds();
      const beginMs = performance.now();
      const service = await cloud.service(name);
      const value = (performance.now() - beginMs) / 1_000;
      await service.stop();
      turns.push({ value, against, others: meter.others() });
    }
    const row = { name: `start of ${name}’s process to ready`, unit: 's' } as const;
    rows.push(
      {
        ...row,
        against: null,
        mark: MAX_SECONDS,
        turns: turns.map((turn) => ({ ...turn, against: null })),
      },
      { ...row, against: 'loading the client libraries', mark: null, turns },
    );
  }
  return rows;
}

async function loadingSeconds(): Promise<number> {
  const beginMs = performance.now();
  const child = spawn(process.execPath, [LOAD_CLIENTS], { stdio: 'ignore' });
  const [code] = await onceEmitted(child, 'exit');
  if (code !== 0) {
    throw new Error(`the client libraries could not be loaded: ${code}`);
  }
  return (performance.now() - beginMs) / 1_000;
}
