import { resolve } from 'node:path';
import { listVariables } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { runService } from '#runtime/service.ts';
import { startFailure } from '#runtime/start-failures.ts';
import { composeStandalone, type Standalone } from './compose.ts';
import { readStandaloneConfig, STANDALONE_VARIABLES, type StandaloneConfig } from './config.ts';
import { pingLine } from './ping-line.ts';
import { urlHost } from './reach/url-host.ts';

/** Runs the whole gateway in this process until it is told to stop. */
export function serve(environment: Environment, print: (line: string) => void): void {
  runService({
    name: 'standalone',
    environment,
    // Collection shares PoWeb's port.
    servers: ['https', 'http', 'poweb', 'pohttp', 'cogrpc', 'operations'],
    configure: readStandaloneConfig,
    compose: async (config, given) => {
      const standalone = await composeStandalone(config, given).catch((error: unknown) => {
        throw withPortsVariable(error, environment);
      });
      for (const line of welcome(config, standalone, environment)) {
        print(line);
      }
      return standalone;
    },
  });
}

/** Says which variable names another port, where one is taken. */
function withPortsVariable(error: unknown, environment: Environment): unknown {
  if (!(error instanceof Error && 'port' in error && 'code' in error)) {
    return error;
  }
  const found = listVariables(STANDALONE_VARIABLES).find(
    ({ name, read }) =>
      name.endsWith('_PORT') && read(environment[name]?.trim() || undefined) === error.port,
  );
  return found === undefined || error.code !== 'EADDRINUSE'
    ? error
    : new Error(`${startFailure(error)}; ${found.name} names another port`, { cause: error });
}

/** What someone who just started the gateway wants to know. */
function welcome(
  config: StandaloneConfig,
  { gateway, listening }: Standalone,
  environment: Environment,
): readonly string[] {
  const address = config.certificates.kind === 'none' ? null : gateway.internetAddress;
  const host = urlHost(config.host);
  const at = (port: number, on = host) => `http://${on}:${port}`;
  return [
    '',
    `  Awala Internet gateway ${gateway.internetAddress}`,
    `  node    ${gateway.identity.nodeId}`,
    '',
    ...publicLine(config, listening.https),
    `  phones         ${at(listening.poweb)}   PoWeb, and parcel collection over WebSocket`,
    `  Internet apps  ${at(listening.pohttp)}   PoHTTP`,
    `  couriers       ${host}:${listening.cogrpc}          CogRPC`,
    `  operators      ${at(listening.operations, urlHost(config.operations.host))}   /livez /readyz /servez /metrics /version /status`,
    `  data           ${resolve(config.dataFolder)}`,
    '',
    `  Try next:  ${pingLine({ address, host: config.host, ports: listening, environment })}`,
    '  Stop with Ctrl-C; what is stored stays.',
    '',
  ];
}

function publicLine({ certificates, internetAddress }: StandaloneConfig, port = 0): string[] {
  if (certificates.kind === 'none') {
    return [];
  }
  const host = certificates.name ?? internetAddress;
  const url = `https://${host}${port === 443 ? '' : `:${port}`}`;
  return [`  everyone       ${url}   all of the next three, with TLS`];
}
