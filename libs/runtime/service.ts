import process from 'node:process';
import type { Log } from '#log/log.ts';
import { ConfigurationError } from './configuration/configuration.ts';
import type { Environment } from './configuration/variable.ts';
import { text } from './configuration/variables.ts';
import { lifecycleVariables, run } from './lifecycle.ts';
import { createLog, type LogOptions, logVariables } from './logging.ts';
import { operationsVariables } from './operations-server.ts';
import { type PassedSockets, readPassedSockets } from './passed-sockets.ts';
import { releaseVariables } from './release.ts';

/** Of sysexits.h. */
const EX_USAGE = 64;

/** What every service reads from the environment. */
export const serviceVariables = {
  ...lifecycleVariables,
  log: logVariables,
  operations: operationsVariables,
  release: releaseVariables,
} as const;

/** The variable for the address that all servers of a process listen on. */
export function bindHostVariable(defaultHost: string) {
  return text('BIND_HOST', {
    meaning: 'the address to listen on: 0.0.0.0 for every interface, 127.0.0.1 for this machine',
    default: defaultHost,
  });
}

interface ServiceConfig {
  readonly log: Pick<LogOptions, 'level' | 'format'>;
  readonly drainTimeoutMs: number;
}

interface Service<Config extends ServiceConfig> {
  /** A fixed word, such as `poweb`, that every log entry carries. */
  readonly name: string;
  readonly environment: Environment;
  /** The words after the program, which must be none; left out by who looked at them already. */
  readonly args?: readonly string[];
  /** The names of its servers, each of which can be passed a socket to listen on. */
  readonly servers: readonly string[];
  /** @throws {ConfigurationError} */
  readonly configure: (environment: Environment) => Config;
  /** Opens, wires and starts the service; disposing of the result drains and closes it. */
  readonly compose: (
    config: Config,
    given: {
      readonly log: Log;
      readonly stopping: AbortSignal;
      readonly passed: PassedSockets;
    },
  ) => Promise<AsyncDisposable>;
}

/**
 * All that the `main.js` of a service does: reads the configuration, then runs the
 * service until it is told to stop. A configuration that cannot be used is
 * explained on standard error, and the process ends with 1; with 64 for arguments.
 */
export function runService<Config extends ServiceConfig>(service: Service<Config>): void {
  const [word] = service.args ?? [];
  if (word !== undefined) {
    process.stderr.write(
      `unexpected argument “${word}”: ${service.name} is configured by environment variables only\n`,
    );
    process.exitCode = EX_USAGE;
    return;
  }
  const configured = configureOrExplain(service);
  if (!configured) {
    process.exitCode = 1;
    return;
  }
  const { config, passed, remark } = configured;
  const log = createLog({ ...config.log, fields: { service: service.name } });
  if (remark !== null) {
    log.warn({}, remark);
  }
  run({
    log,
    drainTimeoutMs: config.drainTimeoutMs,
    start: (stopping) => service.compose(config, { log, stopping, passed }),
  });
}

interface Configured<Config> {
  readonly config: Config;
  readonly passed: PassedSockets;
  /** Why sockets that were passed are not used. */
  readonly remark: string | null;
}

function configureOrExplain<Config extends ServiceConfig>({
  configure,
  environment,
  servers,
}: Service<Config>): Configured<Config> | null {
  const { sockets, faults, remark } = readPassedSockets(environment, {
    pid: process.pid,
    names: servers,
  });
  try {
    const config = configure(environment);
    if (faults.length > 0) {
      throw new ConfigurationError([]);
    }
    return { config, passed: sockets, remark };
  } catch (error) {
    if (error instanceof ConfigurationError) {
      process.stderr.write(new ConfigurationError([...error.faults, ...faults]).message);
      return null;
    }
    throw error;
  }
}
