import { Backing } from '#composition/backing.ts';
import { Operations } from '#composition/operations.ts';
import { type GivenParts, processParts } from '#composition/process-parts.ts';
import { type GatewayPorts, openGateway } from '#gateway/gateway.ts';
import type { PowebConfig } from './config.ts';
import { createPowebServer } from './poweb-server.ts';

type PowebPorts = Pick<GatewayPorts, 'objects' | 'records' | 'vault' | 'signals' | 'queue'>;

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
  given: GivenParts & Partial<PowebPorts>,
): Promise<Poweb> {
  await using opened = new AsyncDisposableStack();
  const parts = processParts('poweb', given);
  const backing = opened.use(new Backing(parts));
  const ports: PowebPorts = {
    objects: given.objects ?? (await backing.objectStore(config.objectStore)),
    records: given.records ?? (await backing.recordStore(config.recordStore)),
    vault: given.vault ?? (await backing.keyVault(config.keyVault)),
    signals: given.signals ?? (await backing.signals(config.signals)),
    queue: given.queue ?? (await backing.workQueue(config.workQueue)),
  };
  const operations = opened.use(await Operations.open(parts, config, { ...ports }));
  const gateway = await operations.untilAvailable(async () => {
    const made = await openGateway({ ...parts, ...ports }, config.internetAddress);
    await made.sessionKeys.initialKey();
    return made;
  });
  const onAnswered = parts.processMetrics.requestAnswered;
  const server = opened.use(
    createPowebServer({ ...config, ...config.poweb }, { ...parts, gateway, onAnswered }),
  );
  await server.listen();
  operations.started();
  opened.defer(() => operations.drain());
  const listening = { poweb: server.port, operations: operations.port };
  const closing = opened.move();
  return { listening, [Symbol.asyncDispose]: () => closing.disposeAsync() };
}
