import type { Log, LogFields, LogLevel } from './log.ts';
import { traceOf } from './trace.ts';

/** The steps of a parcel's and of a cargo's road, with their level and their words. */
const STEPS = {
  /** Its sender, or the courier, may be told that it is taken; `duplicate` if it was before. */
  accepted: ['info', 'Accepted a'],
  /** Durable in the object store. */
  stored: ['debug', 'Stored a'],
  /** Those who collect for its recipient are told. */
  signalled: ['debug', 'Signalled a'],
  /** A worker will deal with it. */
  queued: ['debug', 'Queued a'],
  /** It is stored, and the sweeper will queue it; `error` says why. */
  unqueued: ['warn', 'Could not queue a'],
  /** Handed to a collector, or to a courier within the cargo of that `delivery`. */
  sent: ['debug', 'Sent a'],
  /** A courier acknowledged the cargo that it is in; its recipient did not yet. */
  carried: ['debug', 'A courier has a'],
  /** Its recipient's private gateway has it. */
  acknowledged: ['debug', 'Was told of the receipt of a'],
  /** Gone from the object store. */
  deleted: ['debug', 'Deleted a'],
  /** On its way to its Internet address. */
  posted: ['debug', 'Posts a'],
  /** What became of that: `outcome`. */
  answered: ['info', 'Heard what became of a'],
  /** A cargo's messages are taken in. */
  unpacked: ['info', 'Unpacked a'],
  /** Found expired and not sent. */
  skipped: ['debug', 'Did not send an expired'],
  /** Removed, as its time was over. */
  expired: ['info', 'Removed an expired'],
  /** Its job failed for good, or too often; an operator can have it tried again. */
  'set-aside': ['warn', 'Set aside the job of a'],
} as const satisfies Readonly<Record<string, readonly [LogLevel, string]>>;

export type Step = keyof typeof STEPS;

export const STEP_NAMES = Object.keys(STEPS) as readonly Step[];

export function levelOf(step: Step): LogLevel {
  return STEPS[step][0];
}

/** What a line about a step may say besides. */
interface StepFields {
  /** A node that the step has to do with: shown at `debug` only, as is `cargo`. */
  readonly peer?: string;
  /** Key of the cargo that a parcel came in. */
  readonly cargo?: string;
  readonly road?: string;
  readonly octets?: number;
  readonly duplicate?: boolean;
  readonly delivery?: string;
  readonly address?: string;
  readonly attempt?: number;
  readonly outcome?: string;
  readonly reason?: string;
  readonly detail?: string;
  readonly notBefore?: Date;
  readonly topic?: string;
  readonly generation?: string;
  /** Of what a cargo held, by what became of it. */
  readonly items?: Readonly<Record<string, number>>;
  readonly error?: unknown;
}

/**
 * Logs a step on the road of a parcel or cargo. Each line carries its trace id; while `debug` is
 * wanted also its key, which names recipient and sender, and who else had to do with it.
 *
 * Costs nothing where the line is not wanted. The log must carry no node's id by itself.
 *
 * @param key - in the object store
 */
export function logStep(log: Log, step: Step, key: string, fields: StepFields = {}): void {
  const level = levelOf(step);
  if (!log.wants(level)) {
    return;
  }
  const { peer, cargo, ...open } = fields;
  const line: LogFields = {
    step,
    trace: traceOf(key),
    ...open,
    ...(log.wants('debug') && { key, ...named(peer, cargo) }),
  };
  log[level](line, `${STEPS[step][1]} ${key.startsWith('cargo/') ? 'cargo' : 'parcel'}`);
}

function named(peer: string | undefined, cargo: string | undefined): LogFields {
  return {
    ...(peer !== undefined && { peer }),
    ...(cargo !== undefined && { cargo: traceOf(cargo) }),
  };
}
