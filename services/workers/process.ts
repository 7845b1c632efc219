import { warnAboutBucket } from '#composition/bucket-settings.ts';
import { watchClock } from '#composition/clock-watch.ts';
import { checksOf } from '#composition/needs.ts';
import { Operations } from '#composition/operations.ts';
import {
  type BackedPorts,
  PortOpener,
  SHARED_BACKING_VARIABLES,
} from '#composition/port-opener.ts';
import { type GivenParts, processParts } from '#composition/process-parts.ts';
import { sharedServiceVariables } from '#composition/service-variables.ts';
import { acceptsPublishedKey } from '#composition/session-key-variables.ts';
import { openGateway } from '#gateway/gateway.ts';
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { startWorkersOf } from './compose.ts';
import { WORKERS_VARIABLES } from './config.ts';
import { observeWork } from './work-metrics.ts';

export const WORKERS_SERVICE_VARIABLES = {
  ...sharedServiceVariables,
  ...SHARED_BACKING_VARIABLES,
  acceptsPublishedKey,
  workers: WORKERS_VARIABLES,
};

type WorkersProcessConfig = Values<typeof WORKERS_SERVICE_VARIABLES>;

/** @throws {ConfigurationError} */
export function readWorkersConfig(environment: Environment): WorkersProcessConfig {
  return readConfiguration(environment, WORKERS_SERVICE_VARIABLES);
}

/** The workers as a process of their own. */
interface WorkersProcess extends AsyncDisposable {
  /** The port in use, which tells the one that the system chose. */
  readonly listening: { readonly operations: number };
}

/**
 * Works until it is disposed of, which drains. What is `given` takes the place of
 * the real thing, and stays open.
 *
 * Waits for backing services that are away; never for another service.
 */
export async function composeWorkersProcess(
  config: WorkersProcessConfig,
  given: GivenParts & Partial<BackedPorts>,
): Promise<WorkersProcess> {
  await using opened = new AsyncDisposableStack();
  const parts = processParts('workers', given);
  const backing = opened.use(new PortOpener(parts));
  const ports = await backing.all(config, given);
  const operations = opened.use(await Operations.open(parts, config, checksOf('workers', ports)));
  opened.use(await watchClock(parts, config));
  const gateway = await operations.untilAvailable(() =>
    openGateway({ ...parts, ...ports }, config.internetAddress, config),
  );
  operations.alsoCheck('identity', () => gateway.identity.trustedCertificates());
  opened.use(startWorkersOf(gateway, { ...parts, ...ports }, config.workers));
  observeWork(parts.processMetrics, { ...parts, ...ports, ...gateway });
  operations.started();
  void warnAboutBucket(config.objectStore, parts.log);
  opened.defer(() => operations.drain());
  const listening = { operations: operations.port };
  const closing = opened.move();
  return { listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}
