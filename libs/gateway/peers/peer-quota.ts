import { recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';
import type { Decision, DecisionKind } from './decision.ts';

/** Quotas of their own at one time: each process has all of them in memory, some 500 octets each. */
export const MAX_PEER_QUOTAS = 1_000;

/** An operator's decision that a private gateway may send more or less than others. */
export interface PeerQuota extends Decision {
  /** What each of its quotas is multiplied by: over 0, and not 1. */
  readonly factor: number;
}

type PeerQuotaFields = Pick<PeerQuota, 'factor' | 'reason' | 'since'>;

/** How quotas are recorded. */
export const PEER_QUOTAS: DecisionKind<PeerQuotaFields, PeerQuota> = {
  records: recordKind(RECORD_KIND.peerBlock),
  prefix: 'quota-of/',
  decided: ({ factor, reason, since }, about) => ({ ...about, factor, reason, since }),
};
