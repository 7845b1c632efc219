import type { NodeId } from '#awala/node-id.ts';
import { recordKind, type StoredRecord } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';

/** Blocks at one time: each process has all of them in memory, some 500 octets each. */
export const MAX_BLOCKS = 10_000;

/** An operator's decision that a private gateway is served no more. */
export interface Block {
  readonly peer: NodeId;
  /** For operators alone: the peer is not told. */
  readonly reason: string;
  readonly since: Date;
  /** When it ends by itself; null for never. */
  readonly until: Date | null;
  /** Whether the private gateway may still collect what is held for it. */
  readonly mayCollect: boolean;
}

/** What the record of a {@link Block} has besides its id and expiry. */
type BlockFields = Pick<Block, 'reason' | 'since' | 'mayCollect'>;

/** What the ids of all blocks start with. */
export const BLOCK_PREFIX = 'of/';

/** A block, by {@link blockId}, until it ends. */
export const BLOCK = recordKind<BlockFields>(RECORD_KIND.peerBlock);

/** The id of a private gateway's block. */
export function blockId(peer: NodeId): string {
  return `${BLOCK_PREFIX}${peer}`;
}

/** The block that a record holds. */
export function blockIn({ id, fields, expiresAt }: StoredRecord<BlockFields>): Block {
  const { reason, since, mayCollect } = fields;
  return {
    peer: id.slice(BLOCK_PREFIX.length),
    reason,
    since,
    // Shut out wholly if another version wrote it without.
    mayCollect: mayCollect === true,
    until: expiresAt,
  };
}

/**
 * The time of the last change, in one record with the id {@link CHANGES_ID}. It is written after
 * every change, so that looking for changes costs one read, however many blocks there are.
 */
export const CHANGES = recordKind<{ readonly at: Date }>(RECORD_KIND.peerBlock);

/** The id of the record of {@link CHANGES}. */
export const CHANGES_ID = 'changes';
