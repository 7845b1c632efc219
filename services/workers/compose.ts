import { warnAboutBucket } from '#composition/bucket-settings.ts';
import { composeService, type Given, type Running } from '#composition/compose-service.ts';
import { openGateway } from '#gateway/gateway.ts';
import type { WorkersConfig } from './config.ts';
import { observeHeld } from './held-metrics.ts';
import { observeWork } from './work-metrics.ts';
import { startWorkers } from './workers.ts';

/** Runs the workers until disposed of, which drains. */
export function composeWorkers(
  config: WorkersConfig,
  given: Given,
): Promise<Running<{ readonly listening: object }>> {
  return composeService('workers', config, given, {
    open: (parts) => openGateway(parts, config.internetAddress, config),
    async serve(parts, opened) {
      opened.use(parts.policy.keepCurrent());
      opened.use(startWorkers(parts, config.workers));
      observeWork(parts.processMetrics, parts);
      const { heldIndex } = parts;
      if (heldIndex) {
        // Of the last census, whichever worker made it.
        observeHeld(parts.processMetrics, parts.clock, async () => ({
          'for-phones': await heldIndex.totals(),
        }));
      }
      void warnAboutBucket(config.objectStore, parts.log);
      return { listening: {} };
    },
  });
}
