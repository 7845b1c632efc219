import process from 'node:process';
import type { Log } from '#log/log.ts';
import { ConfigurationError } from './configuration/configuration.ts';
import type { Environment } from './configuration/variable.ts';
import { text } from './configuration/variables.ts';
import { lifecycleVariables, run } from './lifecycle.ts';
import { createLog, type LogOptions, logVariables } from './logging.ts';
import { operationsVariables } from './operations-server.ts';
import { releaseVariables } from './release.ts';

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

export interface ServiceConfig {
  readonly log: Pick<LogOptions, 'level' | 'format'>;
  readonly drainTimeoutMs: number;
}

export interface Service<Config extends ServiceConfig> {
  /** A fixed word, such as `poweb`, that every log entry carries. */
  readonly name: string;
  readonly environment: Environment;
  /** @throws {ConfigurationError} */
  readonly configure: (environment: Environment) => Config;
  /** Opens, wires and starts the service; disposing of the result drains and closes it. */
  readonly compose: (
    config: Config,
    given: { readonly log: Log; readonly stopping: AbortSignal },
  ) => Promise<AsyncDisposable>;
}

/**
 * All that the `main.ts` of a service does: reads the configuration, then runs the
 * service until it is told to stop. A configuration that cannot be used is
 * explained on standard error, and the process ends with 1.
 */
export function runService<Config extends ServiceConfig>(service: Service<Config>): void {
  const config = configureOrExplain(service);
  if (!config) {
    process.exitCode = 1;
    return;
  }
  const log = createLog({ ...config.log, fields: { service: service.name } });
  run({
    log,
    drainTimeoutMs: config.drainTimeoutMs,
    start: (stopping) => service.compose(config, { log, stopping }),
  });
}

function configureOrExplain<Config extends ServiceConfig>({
  configure,
  environment,
}: Service<Config>): Config | null {
  try {
    return configure(environment);
  } catch (error) {
    if (error instanceof ConfigurationError) {
      process.stderr.write(error.message);
      return null;
    }
    throw error;
  }
}
