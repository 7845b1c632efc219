import { recordKind } from '#record-store/port.ts';
import { RECORD_KIND } from '../held/record-kinds.ts';
import type { Decision, DecisionKind } from './decision.ts';

/** Blocks at one time: each process has all of them in memory, some 500 octets each. */
export const MAX_BLOCKS = 10_000;

/** An operator's decision that a private gateway is served no more. */
export interface Block extends Decision {
  /** Whether the private gateway may still collect what is held for it. */
  readonly mayCollect: boolean;
}

type BlockFields = Pick<Block, 'reason' | 'since' | 'mayCollect'>;

/** How blocks are recorded. */
export const BLOCKS: DecisionKind<BlockFields, Block> = {
  records: recordKind(RECORD_KIND.peerBlock),
  prefix: 'of/',
  decided: ({ reason, since, mayCollect }, about) => ({
    ...about,
    reason,
    since,
    // Shut out wholly if another version wrote it without.
    mayCollect: mayCollect === true,
  }),
};
