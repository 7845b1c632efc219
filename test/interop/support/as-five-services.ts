import { systemClock } from '#clock/clock.ts';
import { PortOpener, SHARED_BACKING_VARIABLES } from '#composition/port-opener.ts';
import { openGateway } from '#gateway/gateway.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { readConfiguration } from '#runtime/configuration/configuration.ts';
import { startFiveServices } from '#test/services/five-services.ts';
import type { ReachableGateway } from './both-forms.ts';

/** Starts the five services as processes of their own, on the servers of this run. */
export async function startAsFiveServices(
  environment: Readonly<Record<string, string>> = {},
): Promise<ReachableGateway> {
  await using opened = new AsyncDisposableStack();
  const running = opened.use(await startFiveServices(environment));
  const parts = { clock: systemClock, log: silentLog, metrics: noMetrics };
  // On a busy machine, a library's first call takes longer than a service would wait for.
  const backing = opened.use(new PortOpener({ ...parts, deadlineMs: 20_000 }));
  const config = readConfiguration(running.environment, SHARED_BACKING_VARIABLES);
  const ports = await backing.all(config);
  const gateway = await openGateway({ ...parts, ...ports }, 'gateway.localhost');
  const closing = opened.move();
  return {
    listening: running.listening,
    gateway,
    objects: ports.objects,
    replaceCollection: () => running.replaceCollection(),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
