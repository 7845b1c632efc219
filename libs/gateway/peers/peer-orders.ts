import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { RecordFields, RecordStore } from '#record-store/port.ts';
import { BLOCKS, type Block, MAX_BLOCKS } from './block.ts';
import {
  CHANGES,
  CHANGES_ID,
  type Decision,
  type DecisionKind,
  decisionId,
  decisionIn,
} from './decision.ts';
import { type HeldOfPeer, type Holding, purgeHeldOfPeer } from './held-of-peer.ts';
import { INVITATION, INVITATION_ID, type Invitation, invitationIn } from './invitation.ts';
import { KNOWN_PHONE, knownPhoneId } from './known-phone.ts';
import { noteAct, type OperatorAct } from './operator-act.ts';
import { MAX_PEER_QUOTAS, PEER_QUOTAS, type PeerQuota } from './peer-quota.ts';

interface PeerOrdersParts {
  readonly records: RecordStore;
  readonly clock: Clock;
  /** The name of the operator on whose behalf this acts. */
  readonly by: string;
}

/**
 * What operators may do about private gateways. Each act is noted first, and is in effect in every
 * process within ten seconds.
 *
 * Every method throws `BackingUnavailableError` if it could not be done; then do it again.
 */
export class PeerOrders {
  readonly #parts: PeerOrdersParts;

  constructor(parts: PeerOrdersParts) {
    this.#parts = parts;
  }

  /** Yields the blocks that are in effect, in order of id. */
  blocks(): AsyncIterable<Block> {
    return this.#all(BLOCKS);
  }

  /** The block of a private gateway; null if it is not blocked. */
  blockOf(peer: NodeId): Promise<Block | null> {
    return this.#about(BLOCKS, peer);
  }

  /**
   * Blocks a private gateway, in the place of an earlier block.
   *
   * @returns false if {@link MAX_BLOCKS} others are blocked
   */
  async block({ peer, reason, until, mayCollect }: Omit<Block, 'since'>): Promise<boolean> {
    if (!(await isRoom(this.blocks(), peer, MAX_BLOCKS))) {
      return false;
    }
    const details = inWords(mayCollect ? 'may collect' : '', until);
    await this.#note({ act: 'block', peer, reason, details });
    const fields = { reason, since: this.#parts.clock.now(), mayCollect };
    await this.#decide(BLOCKS, peer, fields, until);
    return true;
  }

  /** @returns whether the private gateway was blocked */
  async unblock(peer: NodeId, reason: string): Promise<boolean> {
    if (!(await this.blockOf(peer))) {
      return false;
    }
    await this.#note({ act: 'unblock', peer, reason, details: '' });
    await this.#lift(BLOCKS, peer);
    return true;
  }

  /**
   * Deletes what is held of and for a private gateway. Unless that is blocked, more may come
   * meanwhile.
   */
  async purge(peer: NodeId, reason: string, holding: Holding): Promise<HeldOfPeer> {
    await this.#note({ act: 'purge', peer, reason, details: '' });
    return purgeHeldOfPeer(peer, holding);
  }

  /** Yields the quotas of their own that are in effect, in order of id. */
  quotas(): AsyncIterable<PeerQuota> {
    return this.#all(PEER_QUOTAS);
  }

  /** The quota of a private gateway; null if it has that of all. */
  quotaOf(peer: NodeId): Promise<PeerQuota | null> {
    return this.#about(PEER_QUOTAS, peer);
  }

  /**
   * Gives a private gateway a quota of its own, in the place of an earlier one; with the factor 1,
   * that of all.
   *
   * @returns false if {@link MAX_PEER_QUOTAS} others have one
   */
  async setQuota({ peer, factor, reason, until }: Omit<PeerQuota, 'since'>): Promise<boolean> {
    if (!(await isRoom(this.quotas(), peer, MAX_PEER_QUOTAS))) {
      return false;
    }
    await this.#note({ act: 'quota', peer, reason, details: inWords(`times ${factor}`, until) });
    if (factor === 1) {
      await this.#lift(PEER_QUOTAS, peer);
    } else {
      const fields = { factor, reason, since: this.#parts.clock.now() };
      await this.#decide(PEER_QUOTAS, peer, fields, until);
    }
    return true;
  }

  /** The invitation that is open, even if all its places are taken; null if there is none. */
  async invitation(): Promise<Invitation | null> {
    const record = await this.#parts.records.get(INVITATION, INVITATION_ID);
    return record && invitationIn(record);
  }

  /**
   * Lets the next so many newcomers register, in the place of an earlier invitation; without places,
   * none. At once, in every process.
   */
  async invite({ places, reason, until }: Omit<Invitation, 'since'>): Promise<void> {
    const { records, clock } = this.#parts;
    await this.#note({ act: 'invite', peer: null, reason, details: inWords(`${places}`, until) });
    const fields = { places, reason, since: clock.now() };
    await records.set(INVITATION, INVITATION_ID, fields, { expiresAt: until });
  }

  /**
   * Lets a private gateway register until then. At once, in every process.
   *
   * @returns false if it may already
   */
  async inviteById(
    peer: NodeId,
    { reason, until }: Pick<Invitation, 'reason' | 'until'>,
  ): Promise<boolean> {
    await this.#note({ act: 'invite', peer, reason, details: inWords('', until) });
    const expiry = { expiresAt: until };
    return this.#parts.records.create(KNOWN_PHONE, knownPhoneId(peer), {}, expiry);
  }

  async *#all<Fields extends RecordFields, Made extends Decision>(
    kind: DecisionKind<Fields, Made>,
  ): AsyncIterable<Made> {
    for await (const record of this.#parts.records.list(kind.records, kind.prefix)) {
      yield decisionIn(kind, record);
    }
  }

  async #about<Fields extends RecordFields, Made extends Decision>(
    kind: DecisionKind<Fields, Made>,
    peer: NodeId,
  ): Promise<Made | null> {
    const record = await this.#parts.records.get(kind.records, decisionId(kind, peer));
    return record && decisionIn(kind, record);
  }

  async #decide<Fields extends RecordFields, Made extends Decision>(
    kind: DecisionKind<Fields, Made>,
    peer: NodeId,
    fields: Fields,
    until: Date | null,
  ): Promise<void> {
    const expiry = until === null ? {} : { expiresAt: until };
    await this.#parts.records.set(kind.records, decisionId(kind, peer), fields, expiry);
    await this.#tell();
  }

  async #lift<Fields extends RecordFields, Made extends Decision>(
    kind: DecisionKind<Fields, Made>,
    peer: NodeId,
  ): Promise<void> {
    await this.#parts.records.delete(kind.records, decisionId(kind, peer));
    await this.#tell();
  }

  async #note(act: Omit<OperatorAct, 'at' | 'by'>): Promise<void> {
    const { records, clock, by } = this.#parts;
    await noteAct(records, { ...act, at: clock.now(), by });
  }

  /** Comes last: whoever sees it reads what was written before. */
  async #tell(): Promise<void> {
    const { records, clock } = this.#parts;
    await records.set(CHANGES, CHANGES_ID, { at: clock.now() });
  }
}

/** Whether there are fewer than so many decisions about others. */
async function isRoom(
  decisions: AsyncIterable<Decision>,
  peer: NodeId,
  most: number,
): Promise<boolean> {
  let others = 0;
  for await (const decision of decisions) {
    others += decision.peer === peer ? 0 : 1;
  }
  return others < most;
}

function inWords(details: string, until: Date | null): string {
  const end = until === null ? '' : `until ${until.toISOString()}`;
  return [details, end].filter(Boolean).join(', ');
}
