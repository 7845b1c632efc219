import { systemClock } from '#clock/clock.ts';
import { Foundations } from '#composition/foundations.ts';
import { openPorts, SHARED_BACKING_VARIABLES } from '#composition/ports.ts';
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
  const foundations = opened.use(new Foundations({ ...parts, deadlineMs: 20_000 }));
  const config = readConfiguration(running.environment, SHARED_BACKING_VARIABLES);
  const ports = await openPorts(config, foundations);
  const gateway = await openGateway({ ...parts, ...ports }, 'gateway.localhost');
  const closing = opened.move();
  return {
    listening: running.listening,
    gateway,
    objects: ports.objects,
    get pids() {
      return Object.values(running.services).map(({ pid }) => pid);
    },
    replaceCollection: () => running.replaceCollection(),
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}
