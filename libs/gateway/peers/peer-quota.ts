import type { NodeId } from '#awala/node-id.ts';
import { recordKind, type StoredRecord } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';

/** Quotas of their own at one time: each process has all of them in memory, some 500 octets each. */
export const MAX_PEER_QUOTAS = 1_000;

/** An operator's decision that a private gateway may send more or less than others. */
export interface PeerQuota {
  readonly peer: NodeId;
  /** What each of its quotas is multiplied by: over 0, and not 1. */
  readonly factor: number;
  /** For operators alone: the peer is not told. */
  readonly reason: string;
  readonly since: Date;
  /** When it ends by itself; null for never. */
  readonly until: Date | null;
}

/** What the record of a {@link PeerQuota} has besides its id and expiry. */
type PeerQuotaFields = Pick<PeerQuota, 'factor' | 'reason' | 'since'>;

/** What the ids of all quotas start with. */
export const PEER_QUOTA_PREFIX = 'quota-of/';

/** A quota, by {@link peerQuotaId}, until it ends. */
export const PEER_QUOTA = recordKind<PeerQuotaFields>(RECORD_KIND.peerBlock);

/** The id of a private gateway's quota. */
export function peerQuotaId(peer: NodeId): string {
  return `${PEER_QUOTA_PREFIX}${peer}`;
}

/** The quota that a record holds. */
export function peerQuotaIn({ id, fields, expiresAt }: StoredRecord<PeerQuotaFields>): PeerQuota {
  const { factor, reason, since } = fields;
  return { peer: id.slice(PEER_QUOTA_PREFIX.length), factor, reason, since, until: expiresAt };
}
