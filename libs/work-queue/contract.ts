import { describe } from 'node:test';
import { describeAge } from './contract/age.ts';
import { describeAttempts } from './contract/attempts.ts';
import { describeConsumers } from './contract/consumers.ts';
import { describeEnqueuing } from './contract/enqueuing.ts';
import type { OpenWorkQueue } from './contract/opened-queue.ts';
import { describeSetAside } from './contract/set-aside.ts';
import { describeTimes } from './contract/times.ts';
import { describeWaiting } from './contract/waiting.ts';

export type { OpenWorkQueue } from './contract/opened-queue.ts';

/**
 * The promises of {@link import('./port.ts').WorkQueue}, tested over one adapter.
 *
 * @param open - opens an empty queue, once per test
 */
export function describeWorkQueue(name: string, open: OpenWorkQueue): void {
  describe(`${name} as a work queue`, () => {
    describeEnqueuing(open);
    describeAttempts(open);
    describeTimes(open);
    describeWaiting(open);
    describeAge(open);
    describeConsumers(open);
    describeSetAside(open);
  });
}
