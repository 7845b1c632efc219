import type { NodeId } from '#awala/node-id.ts';
import { BackingError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import { type Log, silentLog } from '#log/log.ts';
import type { RecordFields, RecordStore } from '#record-store/port.ts';
import { BLOCKS, type Block } from './block.ts';
import { CHANGES, CHANGES_ID, type Decision, type DecisionKind, decisionIn } from './decision.ts';
import { PEER_QUOTAS, type PeerQuota } from './peer-quota.ts';

/**
 * Between two looks of a process for changes: twice within the ten seconds after which an operator's
 * decision holds in every process.
 */
export const LOOK_MS = 5_000;

interface PeerPolicyParts {
  readonly records: Pick<RecordStore, 'get' | 'list'>;
  readonly clock: Clock;
  readonly log?: Log;
}

/** By private gateway. */
type Decisions<Made extends Decision> = ReadonlyMap<NodeId, Made>;

/**
 * Which private gateways operators blocked, or gave a quota of their own, in this process's memory.
 *
 * A look costs one read, however many there are; they are listed only after a change. While the
 * record store is away, what is known stays in effect.
 */
export class PeerPolicy {
  readonly #records: PeerPolicyParts['records'];
  readonly #clock: Clock;
  readonly #log: Log;
  #blocks: Decisions<Block> = new Map();
  #quotas: Decisions<PeerQuota> = new Map();
  /** Of the record of changes that both are at least as new as. */
  #version: string | null = null;
  /** Of the last look; null if it succeeded. */
  #failure: 'outage' | 'surprise' | null = null;
  readonly #listeners: (() => void)[] = [];

  /** Knows of no decision before it has read them. */
  constructor({ records, clock, log = silentLog }: PeerPolicyParts) {
    this.#records = records;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Reads what is decided now.
   *
   * @throws {BackingUnavailableError}
   */
  static async read(parts: PeerPolicyParts): Promise<PeerPolicy> {
    const policy = new PeerPolicy(parts);
    await policy.#read();
    return policy;
  }

  /** The block of a private gateway; null if it is not blocked now. */
  blockOf(peer: NodeId): Block | null {
    return this.#inEffect(this.#blocks.get(peer));
  }

  /** Whether a private gateway may collect what is held for it. */
  mayCollect(peer: NodeId): boolean {
    return this.blockOf(peer)?.mayCollect ?? true;
  }

  /** What each quota of a private gateway is multiplied by; 1 unless an operator set another. */
  quotaFactorOf(peer: NodeId): number {
    return this.#inEffect(this.#quotas.get(peer))?.factor ?? 1;
  }

  /** Calls `listener` after each change that was read; what it throws is logged. */
  onChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Looks for changes every few seconds until disposed of, which waits for a look under way. */
  keepCurrent(): AsyncDisposable {
    let cancel = () => {};
    let isOver = false;
    let looking = Promise.resolve();
    const lookLater = () => {
      cancel = this.#clock.schedule(LOOK_MS, () => {
        looking = this.#look().finally(() => isOver || lookLater());
      });
    };
    lookLater();
    return {
      async [Symbol.asyncDispose]() {
        isOver = true;
        cancel();
        await looking;
      },
    };
  }

  #inEffect<Made extends Decision>(decision: Made | undefined): Made | null {
    const isOver = decision?.until && decision.until <= this.#clock.now();
    return decision && !isOver ? decision : null;
  }

  /** Never throws; says once why it fails, until it fails otherwise or succeeds. */
  async #look(): Promise<void> {
    try {
      await this.#read();
      this.#failure = null;
    } catch (error) {
      const failure = error instanceof BackingError ? 'outage' : 'surprise';
      if (this.#failure !== failure) {
        this.#failure = failure;
        const level = failure === 'outage' ? 'warn' : 'error';
        this.#log[level](
          { error },
          'Blocks and quotas could not be read again; those known stay in effect',
        );
      }
    }
  }

  /** A change that comes during the listing has a later version, and so is seen by the next look. */
  async #read(): Promise<void> {
    const changes = await this.#records.get(CHANGES, CHANGES_ID);
    if ((changes?.version ?? null) === this.#version) {
      return;
    }
    const blocks = await this.#list(BLOCKS);
    const quotas = await this.#list(PEER_QUOTAS);
    [this.#blocks, this.#quotas] = [blocks, quotas];
    this.#version = changes?.version ?? null;
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.#log.error({ error }, 'A change of blocks or quotas was not heeded');
      }
    }
  }

  /** Leaves out what cannot be read, which must not undo the others. */
  async #list<Fields extends RecordFields, Made extends Decision>(
    kind: DecisionKind<Fields, Made>,
  ): Promise<Decisions<Made>> {
    const decisions = new Map<NodeId, Made>();
    let damage: { readonly error: unknown } | null = null;
    for await (const record of this.#records.list(kind.records, kind.prefix)) {
      try {
        const decision = decisionIn(kind, record);
        decisions.set(decision.peer, decision);
      } catch (error) {
        damage ??= { error };
      }
    }
    if (damage) {
      this.#log.error(damage, 'Some blocks or quotas cannot be read, and are not in effect');
    }
    return decisions;
  }
}
