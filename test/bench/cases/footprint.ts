import { setTimeout as pause } from 'node:timers/promises';
import { dataFolder } from '#test/end-to-end/support/gateway-process.ts';
import { provisionCloudGateway } from '#test/services/cloud-gateway.ts';
import { memoryOf, type ProcessMemory } from '#test/services/memory-of.ts';
import { SERVICE_NAMES, ServiceProcess } from '#test/services/service-process.ts';
import { type ImageProgram, makeImageProgram } from '../footprint/program-of-the-image.ts';
import { atMost, figure, type Requirement, type Row } from '../report.ts';

const MEBIOCTET = 1_024 * 1_024;
const MOST_FOR_SMALL_SERVICES = 100;
const MOST_TOGETHER = 450;
const MOST_RESIDENT_STANDALONE = 120;
/** Until connections stand, and nothing is left of starting. */
const IDLE_MS = 10_000;

const SMALL_SERVICES: readonly string[] = ['poweb', 'pohttp', 'collection'];

/** What the services take while they have nothing to do, in the form that the image has them. */
export async function run(): Promise<readonly Row[]> {
  if (process.platform !== 'linux') {
    return [row('idle memory: counted on Linux only', '')];
  }
  await using program = await makeImageProgram();
  return [...(await ofFiveServices(program)), ...(await ofStandalone(program))];
}

async function ofFiveServices(program: ImageProgram): Promise<Row[]> {
  const gateway = await provisionCloudGateway();
  const environment = { ...gateway.environment, ...program.environment };
  await using opened = new AsyncDisposableStack();
  const beginMs = performance.now();
  const services: ServiceProcess[] = [];
  for (const name of SERVICE_NAMES) {
    services.push(opened.use(await ServiceProcess.start(name, environment, program)));
  }
  await Promise.all(services.map((service) => service.untilReady()));
  const startMs = performance.now() - beginMs;
  await pause(IDLE_MS);
  const found = await Promise.all(
    services.map(async ({ name, pid }) => [name, await memoryOf(pid)] as const),
  );
  const together = sum(found.map(([, memory]) => memory));
  return [
    ...found.map(([name, memory]) =>
      row(
        `idle memory of ${name}`,
        inWords(memory),
        SMALL_SERVICES.includes(name) ? [most('PSS', memory.pss, MOST_FOR_SMALL_SERVICES)] : [],
      ),
    ),
    row('idle memory of the five services', inWords(together), [
      most('PSS together', together.pss, MOST_TOGETHER),
    ]),
    row('start of the five services at once', `${figure(startMs / 1_000)} s`),
  ];
}

async function ofStandalone(program: ImageProgram): Promise<Row[]> {
  await using data = await dataFolder();
  const ports = { POWEB_PORT: '0', POHTTP_PORT: '0', COGRPC_PORT: '0', DATA_DIR: data.path };
  const environment = { ...program.environment, ...ports };
  await using standalone = await ServiceProcess.startReady('standalone', environment, program);
  await pause(IDLE_MS);
  const memory = await memoryOf(standalone.pid);
  return [
    row('idle memory of the gateway in one process', inWords(memory), [
      most('RSS', memory.rss, MOST_RESIDENT_STANDALONE),
    ]),
  ];
}

function row(work: string, ours: string, requirements: readonly Requirement[] = []): Row {
  return { work, peer: '', ours, floor: '', requirements };
}

function most(what: string, octets: number, mebioctets: number): Requirement {
  return atMost(what, octets / MEBIOCTET, mebioctets, ' MiB');
}

function inWords({ rss, pss, uss }: ProcessMemory): string {
  const mebioctets = (octets: number) => Math.round(octets / MEBIOCTET);
  return `RSS ${mebioctets(rss)}, PSS ${mebioctets(pss)}, USS ${mebioctets(uss)} MiB`;
}

function sum(all: readonly ProcessMemory[]): ProcessMemory {
  const total = (part: keyof ProcessMemory) => all.reduce((octets, each) => octets + each[part], 0);
  return { rss: total('rss'), pss: total('pss'), uss: total('uss'), anonymous: total('anonymous') };
}
