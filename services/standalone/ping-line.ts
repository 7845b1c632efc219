import type { Environment } from '#runtime/configuration/variable.ts';
import { STANDALONE_VARIABLES } from './config.ts';
import { reachableHost, urlHost } from './reach/url-host.ts';

interface Listening {
  /** The Awala address under which clients find it; null if it has no public port. */
  readonly address: string | null;
  /** The address that the gateway listens on. */
  readonly host: string;
  readonly ports: Readonly<Record<'poweb' | 'pohttp' | 'cogrpc', number>>;
  /** By which the gateway was started. */
  readonly environment: Environment;
}

const { poweb, pohttp, cogrpc, host: bindHost } = STANDALONE_VARIABLES;

/**
 * What to type on this machine, in any shell, to ping the gateway that listens there: as clients find
 * it, if it ends TLS itself. Else it names all ports, unless all are the default ones, since that
 * shell need not have the gateway's variables.
 */
export function pingLine({ address, host, ports, environment }: Listening): string {
  const isByNpm = environment.npm_lifecycle_event !== undefined;
  const isDefault =
    host === bindHost.read(undefined) &&
    ports.poweb === poweb.port.read(undefined) &&
    ports.pohttp === pohttp.port.read(undefined) &&
    ports.cogrpc === cogrpc.port.read(undefined);
  const command = isByNpm ? 'npm run ping' : 'awala-gateway ping';
  const before = isByNpm ? `${command} --` : command;
  if (address !== null) {
    return `${before} ${address}`;
  }
  if (isDefault) {
    return command;
  }
  const at = (port: number) => `${urlHost(reachableHost(host))}:${port}`;
  return [
    before,
    `http://${at(ports.poweb)}`,
    `--cogrpc ${at(ports.cogrpc)}`,
    `--pohttp http://${at(ports.pohttp)}`,
  ].join(' ');
}
