import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import { DATABASE_FILE } from '#composition/data-folder.ts';
import type { Foundations } from '#composition/foundations.ts';
import { openSignals } from '#composition/signals.ts';
import { openWorkQueue } from '#composition/work-queue.ts';
import type { Signals } from '#signals/port.ts';
import { openToLook } from '#sqlite/open-database.ts';
import type { WorkQueue } from '#work-queue/port.ts';
import { countJobs } from '#work-queue/sqlite/job-counts.ts';
import type { LookConfig } from '../look/look-variables.ts';
import { type Finding, note, tried } from './finding.ts';
import { redisFindings, WITHOUT_REDIS } from './redis-findings.ts';

const PATIENCE_MS = 3_000;
const LOCAL_DEADLINE_MS = 10_000;
const ADVICE = {
  why: WITHOUT_REDIS,
  other: 'Fix what is said about Redis; check its permissions for channels and keys.',
};
const WHY_SET_ASIDE = 'What they are about waits until an operator decides.';

/** Whether Redis works for what the gateway uses it for. */
export async function messengerFindings(
  { signals, workQueue }: Pick<LookConfig, 'signals' | 'workQueue'>,
  foundations: Foundations,
): Promise<readonly Finding[]> {
  const redis = [signals, workQueue].find((each) => each.kind === 'redis');
  const findings = redis?.kind === 'redis' ? await redisFindings(redis) : [];
  if (redis?.kind !== 'redis' || findings[0]?.level === 'ill') {
    return findings;
  }
  const ofSignals =
    signals.kind === 'redis'
      ? [await signalsFinding(() => openSignals(signals, foundations), foundations.clock)]
      : [];
  const ofQueue =
    workQueue.kind === 'redis'
      ? await queueFindings(() => openWorkQueue(workQueue, foundations))
      : [];
  return [...findings, ...ofSignals, ...ofQueue];
}

/** How many jobs in the data folder are set aside. */
export async function localJobsFindings(folder: string, clock: Clock): Promise<readonly Finding[]> {
  try {
    const path = join(folder, DATABASE_FILE);
    await using database = await openToLook(path, { clock, deadlineMs: LOCAL_DEADLINE_MS });
    return setAsideFindings((await countJobs(database, clock.now())).setAside);
  } catch {
    // The findings on the database say what is wrong with it.
    return [];
  }
}

/** Whether a signal arrives through Redis. */
function signalsFinding(open: () => Promise<Signals>, clock: Clock): Promise<Finding> {
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

/** Whether jobs can be queued in Redis, and how many are set aside. */
async function queueFindings(open: () => Promise<WorkQueue>): Promise<readonly Finding[]> {
  let setAside = 0;
  const attempt = async () => {
    const queue = await open();
    await queue.check();
    for await (const _ of queue.listSetAside()) {
      setAside += 1;
    }
    return 'the queue answers';
  };
  const answered = await tried('jobs', attempt, ADVICE);
  return [answered, ...setAsideFindings(setAside)];
}

/** Jobs that failed for good. */
function setAsideFindings(count: number): readonly Finding[] {
  return count === 0
    ? []
    : [note('jobs', `${count} set aside. ${WHY_SET_ASIDE}`, 'awala-gateway jobs list says why.')];
}
