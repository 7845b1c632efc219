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
import { readConfiguration, type Values } from '#runtime/configuration/configuration.ts';
import type { Environment } from '#runtime/configuration/variable.ts';
import { RequestIds, requestIdVariables } from '#runtime/http/request-ids.ts';
import { composeCogrpc } from './compose.ts';
import { COGRPC_VARIABLES } from './config.ts';

export const COGRPC_SERVICE_VARIABLES = {
  ...sharedServiceVariables,
  ...SHARED_BACKING_VARIABLES,
  requests: requestIdVariables,
  acceptsPublishedKey,
  cogrpc: COGRPC_VARIABLES,
};

type CogrpcProcessConfig = Values<typeof COGRPC_SERVICE_VARIABLES>;

/** @throws {ConfigurationError} */
export function readCogrpcConfig(environment: Environment): CogrpcProcessConfig {
  return readConfiguration(environment, COGRPC_SERVICE_VARIABLES);
}

/** The service for couriers as a process of its own. */
interface CogrpcProcess extends AsyncDisposable {
  /** The ports in use, which tell those that the system chose. */
  readonly listening: { readonly cogrpc: number; readonly operations: number };
}

/**
 * Serves couriers until it is disposed of, which drains. What is `given` takes the place of
 * the real thing, and stays open.
 *
 * Waits for backing services that are away; never for another service.
 */
export async function composeCogrpcProcess(
  config: CogrpcProcessConfig,
  given: GivenParts & Partial<BackedPorts>,
): Promise<CogrpcProcess> {
  await using opened = new AsyncDisposableStack();
  const parts = processParts('cogrpc', given);
  const backing = opened.use(new PortOpener(parts));
  const ports = await backing.all(config, given);
  const operations = opened.use(await Operations.open(parts, config, checksOf('cogrpc', ports)));
  opened.use(await watchClock(parts, config));
  const requestIds = new RequestIds(config.requests);
  const { port, gateway } = opened.use(
    await operations.untilAvailable(() =>
      composeCogrpc(
        { ...config.cogrpc, acceptsPublishedKey: config.acceptsPublishedKey },
        config.internetAddress,
        { ...parts, ...ports },
        parts.passed,
        requestIds,
      ),
    ),
  );
  operations.alsoCheck('identity', () => gateway.identity.trustedCertificates());
  operations.started();
  opened.defer(() => operations.drain());
  const listening = { cogrpc: port, operations: operations.port };
  const closing = opened.move();
  return { listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}
