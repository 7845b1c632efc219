import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Clock } from '#clock/clock.ts';
import { connect } from '../reach/connect.ts';
import { reachableHost } from '../reach/url-host.ts';
import { askOperations, parseObject, runningService } from '../running/operations-client.ts';
import type { DoctorConfig } from './doctor-variables.ts';
import { type Finding, ill, well } from './finding.ts';

const SUBJECT = 'ports';

type PortsConfig = Pick<DoctorConfig, 'host' | 'operationsHost' | 'ports'>;

/** Whether the gateway can listen on its ports; or, if it runs, whether it answers on them. */
export async function portFindings(config: PortsConfig, clock: Clock): Promise<readonly Finding[]> {
  const { host, operationsHost, ports } = config;
  const at = { host: operationsHost, port: ports.OPERATIONS_PORT };
  const service = await runningService(at);
  if (service === 'standalone') {
    return [...(await runningFindings(config, clock)), ...(await readinessFindings(at))];
  }
  const isRunning = service !== null;
  const findings = await Promise.all(
    Object.entries(ports).map(async ([variable, port]) => {
      const isForOperations = variable === 'OPERATIONS_PORT';
      const code = await whyNotListening(isForOperations ? operationsHost : host, port);
      const isWell = code === null || (code === 'EADDRINUSE' && isRunning);
      const hostVariable = isForOperations ? 'OPERATIONS_HOST' : 'BIND_HOST';
      return isWell
        ? []
        : [
            ill(SUBJECT, `${variable} ${port}: ${WORDS[code] ?? code}`, {
              why: 'The gateway cannot start.',
              remedy: remedy(code, variable, hostVariable),
            }),
          ];
    }),
  );
  const faults = findings.flat();
  const remark = isRunning ? `the service ${service} runs here` : `all are free on ${host}`;
  return faults.length === 0 ? [well(SUBJECT, remark)] : faults;
}

/** Whether a gateway in one process answers where phones, couriers and apps are led. */
async function runningFindings(
  { host, ports }: PortsConfig,
  clock: Clock,
): Promise<readonly Finding[]> {
  const { POWEB_PORT, POHTTP_PORT, COGRPC_PORT } = ports;
  const reachable = reachableHost(host);
  const addressesOf = async () => [reachable];
  const findings = await Promise.all(
    Object.entries({ POWEB_PORT, POHTTP_PORT, COGRPC_PORT }).map(async ([variable, port]) => {
      const endpoint = { host: reachable, port, useTls: false, protocols: [] };
      const failure = await connect(endpoint, { clock, addressesOf }).then(
        () => null,
        (error: Error) => error.message,
      );
      return failure === null
        ? []
        : [
            ill(SUBJECT, `${variable} ${port}: ${failure}`, {
              why: 'A gateway runs here, but not on this port: whoever is led there finds nobody.',
              remedy: `Give this command the gateway’s variables, ${variable} and BIND_HOST among them.`,
            }),
          ];
    }),
  );
  const faults = findings.flat();
  return faults.length === 0 ? [well(SUBJECT, 'a gateway runs here, and answers on all')] : faults;
}

/** What the running gateway itself finds wrong. */
async function readinessFindings(at: {
  readonly host: string;
  readonly port: number;
}): Promise<readonly Finding[]> {
  const answer = await askOperations(at, '/readyz');
  const { failing } = parseObject(answer?.text ?? '');
  const reasons = typeof failing === 'object' && failing !== null ? Object.entries(failing) : [];
  return reasons.map(([name, reason]) =>
    ill('gateway', `it is not ready: ${name}: ${reason}`, {
      why: 'It answers 503 to what needs that.',
      remedy: 'Fix what else is said here, or look into its log.',
    }),
  );
}

/** @returns the system's error code; null if listening works */
async function whyNotListening(host: string, port: number): Promise<string | null> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return null;
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}

const WORDS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'this machine does not have that address',
};

function remedy(code: string, variable: string, hostVariable: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Stop that program (ss -ltnp tells which), or set ${variable} to another port.`;
    case 'EACCES':
      return `Set ${variable} to a port over 1023.`;
    default:
      return `Set ${hostVariable} to 127.0.0.1, to 0.0.0.0, or to an address of this machine.`;
  }
}
