import { randomUUID } from 'node:crypto';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { Signals } from '#signals/port.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { type Finding, tried } from './finding.ts';

const PATIENCE_MS = 3_000;
const ADVICE = {
  other: 'Fix what is said about Redis; check its permissions for channels and keys.',
};

/** Whether a signal arrives. */
export function signalsFinding(open: () => Promise<Signals>, clock: Clock): Promise<Finding> {
  const attempt = async () => {
    const signals = await open();
    const { promise: arrived, resolve } = Promise.withResolvers<void>();
    const channel = `doctor/${randomUUID()}`;
    const subscription = signals.subscribe(channel, {
      onMessage: () => resolve(),
      onInterrupted() {},
    });
    try {
      await subscription.ready;
      signals.publish(channel, 'doctor');
      await inTime(clock, PATIENCE_MS, arrived, () => {
        throw new Error(`no answer within ${PATIENCE_MS} ms to a signal`);
      });
      return 'a signal arrives';
    } finally {
      subscription.close();
    }
  };
  return tried('signals', attempt, ADVICE);
}

/** Whether jobs can be queued, and how many are set aside. */
export function queueFinding(open: () => Promise<WorkQueue>): Promise<Finding> {
  const attempt = async () => {
    const queue = await open();
    await queue.check();
    let setAside = 0;
    for await (const _ of queue.listSetAside()) {
      setAside += 1;
    }
    const remark = setAside === 0 ? '' : `; ${setAside} set aside: awala-gateway jobs list`;
    return `the queue answers${remark}`;
  };
  return tried('jobs', attempt, ADVICE);
}
