import type { NodeId } from '#awala/node-id.ts';
import { BackingError } from '#backing/errors.ts';
import type { Clock } from '#clock/clock.ts';
import { type Log, silentLog } from '#log/log.ts';
import type { RecordStore } from '#record-store/port.ts';
import { BLOCK, BLOCK_PREFIX, type Block, blockIn, CHANGES, CHANGES_ID } from './block.ts';

/** Twice within the ten seconds after which an operator's decision holds in every process. */
const LOOK_MS = 5_000;

interface PeerPolicyParts {
  readonly records: Pick<RecordStore, 'get' | 'list'>;
  readonly clock: Clock;
  readonly log?: Log;
}

/**
 * Which private gateways operators blocked, in this process's memory.
 *
 * A look costs one read, however many blocks there are; they are listed only after a change. While
 * the record store is away, what is known stays in effect.
 */
export class PeerPolicy {
  readonly #records: PeerPolicyParts['records'];
  readonly #clock: Clock;
  readonly #log: Log;
  #blocks: ReadonlyMap<NodeId, Block> = new Map();
  /** Of the record of changes that {@link #blocks} is at least as new as. */
  #version: string | null = null;
  #isBehind = false;
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
    const block = this.#blocks.get(peer);
    const isOver = block?.until && block.until <= this.#clock.now();
    return block && !isOver ? block : null;
  }

  /** Whether a private gateway may collect what is held for it. */
  mayCollect(peer: NodeId): boolean {
    return this.blockOf(peer)?.mayCollect ?? true;
  }

  /** Calls `listener` after each change that was read; it must not throw. */
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

  async #look(): Promise<void> {
    try {
      await this.#read();
      this.#isBehind = false;
    } catch (error) {
      if (!(error instanceof BackingError)) {
        throw error;
      }
      if (!this.#isBehind) {
        this.#isBehind = true;
        this.#log.warn({ error }, 'Blocks could not be read again; those known stay in effect');
      }
    }
  }

  /** A change that comes during the listing has a later version, and so is seen by the next look. */
  async #read(): Promise<void> {
    const changes = await this.#records.get(CHANGES, CHANGES_ID);
    if ((changes?.version ?? null) === this.#version) {
      return;
    }
    const blocks = new Map<NodeId, Block>();
    for await (const record of this.#records.list(BLOCK, BLOCK_PREFIX)) {
      const block = blockIn(record);
      blocks.set(block.peer, block);
    }
    this.#blocks = blocks;
    this.#version = changes?.version ?? null;
    for (const listener of this.#listeners) {
      listener();
    }
  }
}
