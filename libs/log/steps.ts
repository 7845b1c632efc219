import type { Log, LogFields, LogLevel } from './log.ts';
import { traceOf } from './trace.ts';

/** The steps of a parcel or cargo through the gateway, with their level and words. */
const STEPS = {
  /** The sender or courier may be told that it was accepted; `duplicate` if it had been before. */
  accepted: ['info', 'Accepted a'],
  /** Durable in the object store. */
  stored: ['debug', 'Stored a'],
  /** Collectors for its recipient were told. */
  signalled: ['debug', 'Signalled a'],
  /** A worker will take it. */
  queued: ['debug', 'Queued a'],
  /** Stored, but not queued, which the sweeper will do; `error` says why. */
  unqueued: ['warn', 'Could not queue a'],
  /** Sent to a collector, or to a courier in the cargo of that `delivery`. */
  sent: ['debug', 'Sent a'],
  /** A courier acknowledged the cargo with it; its recipient has not yet. */
  carried: ['debug', 'A courier carries a'],
  /** Its recipient's private gateway has it. */
  acknowledged: ['debug', 'Got the acknowledgement of a'],
  /** Deleted from the object store. */
  deleted: ['debug', 'Deleted a'],
  /** On its way to its Internet address. */
  posted: ['debug', 'Posting a'],
  /** `outcome` says how that ended. */
  answered: ['info', 'Finished posting a'],
  /** The cargo's messages were taken in. */
  unpacked: ['info', 'Unpacked a'],
  /** Expired, so not sent. */
  skipped: ['debug', 'Did not send an expired'],
  /** Expired, so removed. */
  expired: ['info', 'Removed an expired'],
  /** Its job failed for good, or too often; an operator can retry it. */
  'set-aside': ['warn', 'Set aside the job of a'],
} as const satisfies Readonly<Record<string, readonly [LogLevel, string]>>;

/** A step's name, as it stands in `step`. */
export type Step = keyof typeof STEPS;

/** The names of all steps. */
export const STEP_NAMES = Object.keys(STEPS) as readonly Step[];

/** The level that a step is logged at. */
export function levelOf(step: Step): LogLevel {
  return STEPS[step][0];
}

/** Other attributes of a step's line. */
interface StepFields {
  /** A node involved in the step; like `cargo`, shown at `debug` only. */
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
  /** Counts of a cargo's messages, by what became of them. */
  readonly items?: Readonly<Record<string, number>>;
  readonly error?: unknown;
}

/**
 * Logs a step of a parcel or cargo with its trace id; where `debug` is wanted, also with its key,
 * which names recipient and sender, and with other nodes involved.
 *
 * Free where the line is not wanted. The log must not carry a node's id itself.
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
