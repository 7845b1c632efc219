import type { NodeId } from '#awala/node-id.ts';
import {
  type RecordFields,
  type RecordKind,
  recordKind,
  type StoredRecord,
} from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';

/** What an operator decided about one private gateway. Each process has all decisions in memory. */
export interface Decision {
  readonly peer: NodeId;
  /** For operators alone: the peer is not told. */
  readonly reason: string;
  readonly since: Date;
  /** When it ends by itself; null for never. */
  readonly until: Date | null;
}

/** How decisions of one kind are recorded, each until it ends. */
export interface DecisionKind<Fields extends RecordFields, Made extends Decision> {
  readonly records: RecordKind<Fields>;
  /** What the ids of these records start with; the private gateway's follows. */
  readonly prefix: string;
  /**
   * The decision in a record's fields. May throw if another version wrote it.
   *
   * @param about - what its id and expiry say
   */
  readonly decided: (fields: Fields, about: Pick<Decision, 'peer' | 'until'>) => Made;
}

/** The id of the record of a decision about a private gateway. */
export function decisionId({ prefix }: { readonly prefix: string }, peer: NodeId): string {
  return `${prefix}${peer}`;
}

/** The decision that a record holds. */
export function decisionIn<Fields extends RecordFields, Made extends Decision>(
  { prefix, decided }: DecisionKind<Fields, Made>,
  { id, fields, expiresAt }: StoredRecord<Fields>,
): Made {
  return decided(fields, { peer: id.slice(prefix.length), until: expiresAt });
}

/**
 * The time of the last change, in one record with the id {@link CHANGES_ID}. It is written after
 * every change, so that looking for changes costs one read, however many decisions there are.
 */
export const CHANGES = recordKind<{ readonly at: Date }>(RECORD_KIND.peerBlock);

/** The id of the record of {@link CHANGES}. */
export const CHANGES_ID = 'changes';
