import type { Clock } from '#clock/clock.ts';
import { LISTENING_FAULTS } from '#runtime/start-failures.ts';
import { everyAddress } from '#services/edge/every-address.ts';
import type { LookConfig } from '../look/look-variables.ts';
import { connect } from '../reach/connect.ts';
import { reachableHost } from '../reach/url-host.ts';
import {
  askOperations,
  type OperationsPort,
  parseObject,
  runningService,
} from '../running/operations-client.ts';
import { portsOfSystemd } from '../running/ports-of-systemd.ts';
import { askReadiness } from '../running/readiness.ts';
import type { RunProgram } from '../running/run-program.ts';
import { whyNotListening } from '../running/why-not-listening.ts';
import { type Finding, ill, note, well } from './finding.ts';

const SUBJECT = 'ports';
/** A parent process may hold them. */
const PUBLIC_PORTS = ['HTTPS_PORT', 'HTTP_PORT'];

type PortsConfig = Pick<
  LookConfig,
  'host' | 'operationsHost' | 'ports' | 'certificates' | 'internetAddress'
>;

interface Listening {
  readonly variable: string;
  readonly port: number;
  readonly host: string;
  readonly hostVariable: string;
}

interface PortsParts {
  readonly clock: Clock;
  readonly run: RunProgram;
}

/** Whether the gateway can listen on its ports; or, if it runs, whether it answers on them. */
export async function portFindings(
  config: PortsConfig,
  { clock, run }: PortsParts,
): Promise<readonly Finding[]> {
  const { host, operationsHost } = config;
  const at = { host: operationsHost, port: config.ports.OPERATIONS_PORT };
  const service = await runningService(at);
  if (service === 'standalone') {
    return [
      ...(await runningFindings(config, clock)),
      ...(await addressFindings(at, config.internetAddress)),
      ...(await readinessFindings(at)),
    ];
  }
  const isRunning = service !== null;
  const ofSystemd = isRunning ? new Set<number>() : await portsOfSystemd(run);
  const isHeld = ({ port }: Listening) => ofSystemd.has(port);
  const ports = everyPort(config);
  const findings = await Promise.all(
    ports.filter((each) => !isHeld(each)).map((each) => listeningFindings(each, isRunning)),
  );
  const faults = findings.flat();
  if (faults.length > 0) {
    return faults;
  }
  const held = ports.filter(isHeld).map(({ variable }) => variable);
  return [well(SUBJECT, isRunning ? `the service ${service} runs here` : freeOn(host, held))];
}

function freeOn(host: string, held: readonly string[]): string {
  return held.length === 0
    ? `all are free on ${host}`
    : `systemd holds ${held.join(' and ')} for the gateway; the others are free on ${host}`;
}

/** Whether the gateway could listen on a port. */
async function listeningFindings(
  { variable, port, host, hostVariable }: Listening,
  isRunning: boolean,
): Promise<readonly Finding[]> {
  const code = await whyNotListening(host, port);
  if (code === null || (code === 'EADDRINUSE' && isRunning)) {
    return [];
  }
  const says = `${variable} ${port}: ${LISTENING_FAULTS[code] ?? code}`;
  if (code === 'EACCES' && PUBLIC_PORTS.includes(variable)) {
    return [note(SUBJECT, says, remedy(code, variable, ''))];
  }
  const cure = { why: 'The gateway cannot start.', remedy: remedy(code, variable, hostVariable) };
  return [ill(SUBJECT, says, cure)];
}

function everyPort(config: PortsConfig): readonly Listening[] {
  const { operationsHost, ports } = config;
  const plain = Object.entries(ports).map(([variable, port]) =>
    variable === 'OPERATIONS_PORT'
      ? { variable, port, host: operationsHost, hostVariable: 'OPERATIONS_HOST' }
      : { variable, port, host: config.host, hostVariable: 'BIND_HOST' },
  );
  return [...plain, ...publicPorts(config)];
}

/** None where a proxy sees to TLS. */
function publicPorts({ certificates }: PortsConfig): readonly Listening[] {
  if (certificates.kind === 'none') {
    return [];
  }
  const { httpsPort, httpPort } = certificates;
  const at = { host: certificates.host ?? everyAddress(), hostVariable: 'HTTPS_HOST' };
  return [
    { ...at, variable: 'HTTPS_PORT', port: httpsPort },
    { ...at, variable: 'HTTP_PORT', port: httpPort },
  ];
}

/** Whether a gateway in one process answers where phones, couriers and apps are led. */
async function runningFindings(config: PortsConfig, clock: Clock): Promise<readonly Finding[]> {
  const { host, ports } = config;
  const { POWEB_PORT, POHTTP_PORT, COGRPC_PORT } = ports;
  const plain = Object.entries({ POWEB_PORT, POHTTP_PORT, COGRPC_PORT }).map(
    ([variable, port]) => ({ variable, port, host, hostVariable: 'BIND_HOST' }),
  );
  const findings = await Promise.all(
    [...plain, ...publicPorts(config)].map((each) => answerFindings(each, clock)),
  );
  const faults = findings.flat();
  return faults.length === 0 ? [well(SUBJECT, 'a gateway runs here, and answers on all')] : faults;
}

async function answerFindings(
  { variable, port, host, hostVariable }: Listening,
  clock: Clock,
): Promise<readonly Finding[]> {
  const reachable = reachableHost(host);
  const server = { host: reachable, port, useTls: false, protocols: [] };
  const failure = await connect(server, { clock, addressesOf: async () => [reachable] }).then(
    () => null,
    (error: Error) => error.message,
  );
  return failure === null
    ? []
    : [
        ill(SUBJECT, `${variable} ${port}: ${failure}`, {
          why: 'A gateway runs here, but not on this port: whoever is led there finds nobody.',
          remedy: `Give this command the gateway’s variables, ${variable} and ${hostVariable} among them.`,
        }),
      ];
}

/** Whether the gateway runs under the address that this command was given. */
async function addressFindings(
  at: OperationsPort,
  internetAddress: string,
): Promise<readonly Finding[]> {
  const answer = await askOperations(at, '/status');
  const { internetAddress: itsOwn = internetAddress } = parseObject(answer?.text ?? '');
  return itsOwn === internetAddress
    ? []
    : [
        ill('address', `the gateway that runs here is ${itsOwn}, not ${internetAddress}`, {
          why: 'Phones that know the one address cannot use a gateway that has the other.',
          remedy:
            'Give this command the gateway’s INTERNET_ADDRESS; if that was changed, restart the gateway.',
        }),
      ];
}

/** What the running gateway itself finds wrong. */
async function readinessFindings(at: OperationsPort): Promise<readonly Finding[]> {
  const reasons = Object.entries((await askReadiness(at)) ?? {});
  return reasons.map(([name, reason]) =>
    ill('gateway', `it is not ready: ${name}: ${reason}`, {
      why: 'It answers 503 to what needs that.',
      remedy: 'Fix what else is said here, or look into its log.',
    }),
  );
}

function remedy(code: string, variable: string, hostVariable: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Stop that program (sudo ss -ltnp tells which), or set ${variable} to another port. If that names systemd, it may hold the port for the gateway: then start the gateway.`;
    case 'EACCES':
      return `Set ${variable} to a port over 1023, let systemd hold it (a socket unit), or grant CAP_NET_BIND_SERVICE.`;
    default:
      return `Set ${hostVariable} to 127.0.0.1, to 0.0.0.0, or to an address of this machine.`;
  }
}
