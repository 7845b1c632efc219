import { setTimeout as pause } from 'node:timers/promises';
import { dataFolder } from '#test/end-to-end/support/gateway-process.ts';
import { provisionCloudGateway } from '#test/services/cloud-gateway.ts';
import { memoryOf, type ProcessMemory } from '#test/services/memory-of.ts';
import { SERVICE_NAMES, ServiceProcess } from '#test/services/service-process.ts';
import { type ImageProgram, makeImageProgram } from '../footprint/program-of-the-image.ts';
import { ProcessorMeter } from '../machine/processor-meter.ts';
import { once, type Row } from '../rows/row.ts';

const MEBIOCTET = 1_024 * 1_024;
const MOST_FOR_SMALL_SERVICES = 100;
const MOST_TOGETHER = 450;
const MOST_RESIDENT_STANDALONE = 120;
/** Until connections stand, and nothing is left of starting. */
const IDLE_MS = 10_000;

const SMALL_SERVICES: readonly string[] = ['poweb', 'pohttp', 'collection'];

/** What the services take while they have nothing to do, in the form that the image has them. On Linux only. */
export async function run(): Promise<readonly Row[]> {
  if (process.platform !== 'linux') {
    return [];
  }
  await using program = await makeImageProgram();
  return [...(await ofFiveServices(program)), await ofStandalone(program)];
}

async function ofFiveServices(program: ImageProgram): Promise<Row[]> {
  const gateway = await provisionCloudGateway();
  const environment = { ...gateway.environment, ...program.environment };
  await using opened = new AsyncDisposableStack();
  const meter = new ProcessorMeter();
  const beginMs = performance.now();
  const services: ServiceProcess[] = [];
  for (const name of SERVICE_NAMES) {
    services.push(opened.use(await ServiceProcess.start(name, environment, program)));
  }
  await Promise.all(services.map((service) => service.untilReady()));
  const startSeconds = (performance.now() - beginMs) / 1_000;
  const others = meter.others();
  await pause(IDLE_MS);
  const found = await Promise.all(
    services.map(async ({ name, pid }) => [name, await memoryOf(pid)] as const),
  );
  const markOf = (name: string) => (SMALL_SERVICES.includes(name) ? MOST_FOR_SMALL_SERVICES : null);
  return [
    ...found.map(([name, memory]) => memoryRow(name, 'pss', memory, markOf(name))),
    memoryRow('the five services', 'pss', sum(found.map(([, memory]) => memory)), MOST_TOGETHER),
    {
      name: 'start of the five services at once',
      unit: 's',
      against: null,
      mark: null,
      turns: once(startSeconds, others),
    },
  ];
}

async function ofStandalone(program: ImageProgram): Promise<Row> {
  await using data = await dataFolder();
  const ports = { POWEB_PORT: '0', POHTTP_PORT: '0', COGRPC_PORT: '0', DATA_DIR: data.path };
  const environment = { ...program.environment, ...ports };
  await using standalone = await ServiceProcess.startReady('standalone', environment, program);
  await pause(IDLE_MS);
  const memory = await memoryOf(standalone.pid);
  return memoryRow('the gateway in one process', 'rss', memory, MOST_RESIDENT_STANDALONE);
}

/** @param part - what the mark is for */
function memoryRow(
  whose: string,
  part: 'rss' | 'pss',
  memory: ProcessMemory,
  mark: number | null,
): Row {
  const { rss, pss, uss } = memory;
  const mebioctets = (octets: number) => Math.round(octets / MEBIOCTET);
  return {
    name: `idle memory of ${whose}: ${part.toUpperCase()}`,
    unit: 'MiB',
    against: null,
    mark,
    turns: once(memory[part] / MEBIOCTET),
    note: `RSS ${mebioctets(rss)}, PSS ${mebioctets(pss)}, USS ${mebioctets(uss)}`,
  };
}

function sum(all: readonly ProcessMemory[]): ProcessMemory {
  const total = (part: keyof ProcessMemory) => all.reduce((octets, each) => octets + each[part], 0);
  return { rss: total('rss'), pss: total('pss'), uss: total('uss'), anonymous: total('anonymous') };
}
