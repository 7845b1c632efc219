import type { Clock } from '#clock/clock.ts';
import type { ManualClock } from '#clock/manual-clock.ts';
import { PeerOrders } from '#gateway/peers/peer-orders.ts';
import type { PeerPolicy } from '#gateway/peers/peer-policy.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import type { RecordStore } from '#record-store/port.ts';
import type { Identity } from '#test/builders/peers.ts';
import { until } from '#test/runtime/until.ts';

/** After so many seconds, an operator's decision holds everywhere. */
const HEEDED_WITHIN = 10;

interface Serving {
  readonly clock: ManualClock;
  /** Of the processes that are to heed the operator. */
  readonly policies: readonly PeerPolicy[];
  /** Called as each second passes; resolves when its traffic is over. */
  readonly eachSecond?: () => Promise<unknown>;
}

/** An operator at the command line, beside processes with the same records. */
export class Operator {
  readonly orders: PeerOrders;
  readonly records: RecordStore;
  readonly #clock: Clock;

  constructor(clock: Clock, records: RecordStore = new InMemoryRecordStore({ clock })) {
    this.records = records;
    this.#clock = clock;
    this.orders = new PeerOrders({ records, clock, by: 'olga' });
  }

  /** Blocks a phone, and lets ten seconds pass. */
  async block(
    { nodeId: peer }: Identity,
    serving: Serving,
    { forMs = null as number | null, mayCollect = false } = {},
  ): Promise<void> {
    const now = serving.clock.now();
    const until = forMs === null ? null : new Date(now.getTime() + forMs);
    await this.orders.block({ peer, reason: 'floods us', until, mayCollect });
    await heeded(serving, (policy) => policy.blockOf(peer)?.mayCollect === mayCollect);
  }

  /** Unblocks a phone, and lets ten seconds pass. */
  async unblock({ nodeId: peer }: Identity, serving: Serving): Promise<void> {
    await this.orders.unblock(peer, 'a mistake');
    await heeded(serving, (policy) => policy.blockOf(peer) === null);
  }

  /** Multiplies a phone's quotas, and lets ten seconds pass. */
  async setQuota(
    { nodeId: peer }: Identity,
    serving: Serving,
    { factor, forMs = null }: { readonly factor: number; readonly forMs?: number | null },
  ): Promise<void> {
    const now = serving.clock.now();
    const until = forMs === null ? null : new Date(now.getTime() + forMs);
    await this.orders.setQuota({ peer, factor, reason: 'a school', until });
    await heeded(serving, (policy) => policy.quotaFactorOf(peer) === factor);
  }

  /** Lets the next newcomers register. */
  async invite(places: number, forMs: number): Promise<void> {
    const until = new Date(this.#clock.now().getTime() + forMs);
    await this.orders.invite({ places, reason: 'a course', until });
  }

  /** Lets one register whose id is known. */
  async inviteById({ nodeId }: Identity, forMs: number): Promise<boolean> {
    const until = new Date(this.#clock.now().getTime() + forMs);
    return await this.orders.inviteById(nodeId, { reason: 'a friend', until });
  }
}

async function heeded(
  { clock, policies, eachSecond }: Serving,
  isHeeded: (policy: PeerPolicy) => boolean,
): Promise<void> {
  for (let second = 0; second < HEEDED_WITHIN; second++) {
    clock.advance(1_000);
    await eachSecond?.();
  }
  await until(() => policies.every(isHeeded));
}
