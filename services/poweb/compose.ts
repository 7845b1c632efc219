import { watchClock } from '#composition/clock-watch.ts';
import { checksOf } from '#composition/needs.ts';
import { Operations } from '#composition/operations.ts';
import { type BackedPorts, PortOpener } from '#composition/port-opener.ts';
import { type GivenParts, processParts } from '#composition/process-parts.ts';
import { openGateway } from '#gateway/gateway.ts';
import { RequestIds } from '#runtime/http/request-ids.ts';
import type { PowebConfig } from './config.ts';
import { createPowebServer } from './poweb-server.ts';

/** A server for phones that runs. */
export interface Poweb extends AsyncDisposable {
  /** The ports in use, which tell those that the system chose. */
  readonly listening: { readonly poweb: number; readonly operations: number };
}

/**
 * Serves phones until it is disposed of, which drains. What is `given` takes the
 * place of the real thing, and stays open.
 *
 * Waits for backing services that are away; never for another service.
 */
export async function composePoweb(
  config: PowebConfig,
  given: GivenParts & Partial<BackedPorts>,
): Promise<Poweb> {
  await using opened = new AsyncDisposableStack();
  const parts = processParts('poweb', given);
  const backing = opened.use(new PortOpener(parts));
  const ports = await backing.all(config, given);
  const operations = opened.use(await Operations.open(parts, config, checksOf('poweb', ports)));
  const gateway = await operations.untilAvailable(async () => {
    const made = await openGateway({ ...parts, ...ports }, config.internetAddress);
    await made.sessionKeys.prepare();
    return made;
  });
  operations.alsoCheck('identity', () => gateway.identity.trustedCertificates());
  const onAnswered = parts.processMetrics.requestAnswered;
  const requestIds = new RequestIds(config.requests);
  const server = opened.use(
    createPowebServer(
      { ...config, ...config.poweb },
      { ...parts, gateway, onAnswered, requestIds },
    ),
  );
  opened.use(await watchClock(parts, config));
  await server.listen();
  operations.started();
  opened.defer(() => operations.drain());
  const listening = { poweb: server.port, operations: operations.port };
  const closing = opened.move();
  return { listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}
