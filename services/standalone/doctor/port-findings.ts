import { once } from 'node:events';
import { createServer } from 'node:net';
import type { DoctorConfig } from './doctor-variables.ts';
import { type Finding, ill, well } from './finding.ts';

const TIMEOUT_MS = 2_000;

/** Whether the gateway can listen on its ports, or does already. */
export async function portFindings({
  host,
  operationsHost,
  ports,
}: Pick<DoctorConfig, 'host' | 'operationsHost' | 'ports'>): Promise<Finding[]> {
  const isRunning = await isGatewayAt(operationsHost, ports.OPERATIONS_PORT);
  const findings = await Promise.all(
    Object.entries(ports).map(async ([variable, port]) => {
      const isForOperations = variable === 'OPERATIONS_PORT';
      const code = await whyNotListening(isForOperations ? operationsHost : host, port);
      return code === 'EADDRINUSE' && isRunning
        ? []
        : code === null
          ? []
          : [
              ill(
                'ports',
                `${variable} ${port}: ${WORDS[code] ?? code}`,
                remedy(code, variable, isForOperations ? 'OPERATIONS_HOST' : 'BIND_HOST'),
              ),
            ];
    }),
  );
  const faults = findings.flat();
  const remark = isRunning ? 'a gateway runs here' : `all are free on ${host}`;
  return faults.length === 0 ? [well('ports', remark)] : faults;
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

async function isGatewayAt(host: string, port: number): Promise<boolean> {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(`http://${reachable}:${port}/version`, { signal });
    const answer: unknown = await response.json();
    return typeof answer === 'object' && answer !== null && 'service' in answer;
  } catch {
    return false;
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
