import { describe } from 'node:test';
import { describeDelivery } from './contract/delivery.ts';
import { describeInterruption, describeLife, describeSubscriptionLife } from './contract/life.ts';
import type { OpenSignals } from './contract/opened-signals.ts';

export type { OpenSignals } from './contract/opened-signals.ts';

/**
 * The promises of {@link import('./port.ts').Signals}, tested over one adapter.
 *
 * @param open - opens signals on which nobody else publishes, once per test
 * @param options.interruptible - whether there is a connection that can be lost; `open` then gives `interrupt`
 */
export function describeSignals(
  name: string,
  open: OpenSignals,
  options: { interruptible?: boolean } = {},
): void {
  describe(`${name} as signals`, () => {
    describeDelivery(open);
    describeSubscriptionLife(open);
    if (options.interruptible) {
      describeInterruption(open);
    }
    describeLife(open);
  });
}
