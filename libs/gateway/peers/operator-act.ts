import { randomUUID } from 'node:crypto';
import type { NodeId } from '#awala/node-id.ts';
import { type RecordStore, recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';

/** How long what operators did is remembered. */
const ACTS_KEPT_MS = 365 * 86_400_000;
/** The longest reason, in characters. */
export const MAX_REASON_LENGTH = 200;
/** The longest name of an operator, in characters. */
const MAX_NAME_LENGTH = 64;

/** Something that an operator did about private gateways. */
export interface OperatorAct {
  readonly at: Date;
  /** The operator's name on their machine. */
  readonly by: string;
  readonly act: 'block' | 'unblock' | 'purge' | 'quota' | 'invite';
  /** Null for whoever comes. */
  readonly peer: NodeId | null;
  /** How, such as until when; empty if there is nothing to say. */
  readonly details: string;
  readonly reason: string;
}

/** An act, by its time and a random suffix. */
const ACT = recordKind<{ readonly [Name in keyof OperatorAct]: OperatorAct[Name] }>(
  RECORD_KIND.peerAct,
);

/**
 * Notes an act, before it is done: what was done without a trace could not be found again.
 *
 * @throws {BackingUnavailableError}
 */
export async function noteAct(
  records: Pick<RecordStore, 'create'>,
  act: OperatorAct,
): Promise<void> {
  const id = `${act.at.toISOString()}.${randomUUID()}`;
  const by = act.by.slice(0, MAX_NAME_LENGTH);
  const expiresAt = new Date(act.at.getTime() + ACTS_KEPT_MS);
  await records.create(ACT, id, { ...act, by }, { expiresAt });
}

/** Yields what operators did within a year, the oldest first. */
export async function* listActs(records: Pick<RecordStore, 'list'>): AsyncIterable<OperatorAct> {
  for await (const { fields } of records.list(ACT, '')) {
    yield fields;
  }
}
