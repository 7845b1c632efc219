import type { NodeId } from '#awala/node-id.ts';
import type { Clock } from '#clock/clock.ts';
import type { Generation, ObjectKey } from '#object-store/port.ts';

/** What the collection protocol promises; one that is broken is named by this. */
export type Promised =
  | 'nothing is lost'
  | 'nothing goes to another peer'
  | 'nothing acknowledged is sent again'
  | 'nothing expired is sent'
  | 'each generation is sent once per collection'
  | 'only what was acknowledged is deleted'
  | 'what was acknowledged is deleted'
  | 'the window holds'
  | 'deliveries are sent one at a time'
  | 'what is fetched ahead is bounded'
  | 'memory is reserved before it is used'
  | 'reservations are returned'
  | 'it completes only when all is acknowledged'
  | 'it ends only for a reason'
  | 'it leaves nothing behind'
  | 'a complete index lacks nothing that is stored'
  | 'a census completes the index'
  | 'a census removes false entries';

interface BrokenPromise {
  readonly promised: Promised;
  readonly how: string;
}

export class BrokenPromiseError extends Error {
  readonly promised: Promised;

  /** @param trace - what happened until then, in order */
  constructor({ promised, how }: BrokenPromise, trace: readonly string[]) {
    super(`not kept: ${promised} (${how}), after:\n${trace.map((turn) => `  ${turn}`).join('\n')}`);
    this.name = 'BrokenPromiseError';
    this.promised = promised;
  }
}

/** A generation that was stored at some moment of the run. */
export interface StoredGeneration {
  readonly generation: Generation;
  readonly key: ObjectKey;
  /** Names this generation in traces and in its body, which starts with it. */
  readonly name: string;
  readonly privateGateway: NodeId;
  readonly expiresAtMs: number;
  readonly storedMs: number;
  /** Since when it is not the stored one any more, as a position in the run's order. */
  goneSince: number | null;
  acknowledged: boolean;
  /** When its signal was published with its body, which then needs no store. */
  signalledAt: number | null;
  /** A complete index lacked it for a while, as it may; see `IndexWatch`. */
  wasOverlooked: boolean;
  readonly since: number;
}

/** What has happened to a generation when it is stored. */
const NEW = {
  goneSince: null,
  acknowledged: false,
  signalledAt: null,
  wasOverlooked: false,
} satisfies Partial<StoredGeneration>;

/**
 * Knows what was stored, replaced, acknowledged and deleted, in the order in
 * which it took effect, and which promises were broken.
 */
export class Ledger {
  readonly broken: BrokenPromise[] = [];
  readonly #clock: Clock;
  readonly #byGeneration = new Map<Generation, StoredGeneration>();
  readonly #stored = new Map<ObjectKey, StoredGeneration>();
  #position = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts the effects so far: what has a lower position came before. */
  get position(): number {
    return this.#position;
  }

  breaks(promised: Promised, how: string): void {
    this.broken.push({ promised, how });
  }

  stored(entry: Omit<StoredGeneration, keyof typeof NEW | 'since' | 'storedMs'>): void {
    const since = ++this.#position;
    this.#forget(entry.key);
    const stored = { ...entry, ...NEW, storedMs: this.#clock.elapsedMs(), since };
    this.#byGeneration.set(entry.generation, stored);
    this.#stored.set(entry.key, stored);
  }

  /** The body of a generation travels with a signal from now on. */
  signalled(generation: Generation): void {
    const stored = this.#byGeneration.get(generation);
    if (stored) {
      stored.signalledAt = this.#position;
    }
  }

  /** @returns the generation that was deleted */
  deleted(key: ObjectKey): StoredGeneration | undefined {
    const deleted = this.#stored.get(key);
    this.#position += 1;
    this.#forget(key);
    return deleted;
  }

  /** The generation whose body this is. */
  generationOf(body: Uint8Array): StoredGeneration {
    const name = Buffer.from(body).toString('latin1').split(' ', 1)[0];
    const found = [...this.#byGeneration.values()].find((stored) => stored.name === name);
    if (!found) {
      throw new Error('a body that nobody stored');
    }
    return found;
  }

  isExpired({ expiresAtMs }: StoredGeneration): boolean {
    return expiresAtMs <= this.#clock.now().getTime();
  }

  /** What is stored now for these private gateways and has not expired. */
  held(privateGateways: readonly NodeId[]): StoredGeneration[] {
    return [...this.#stored.values()].filter(
      (stored) => privateGateways.includes(stored.privateGateway) && !this.isExpired(stored),
    );
  }

  #forget(key: ObjectKey): void {
    const stored = this.#stored.get(key);
    if (stored) {
      stored.goneSince = this.#position;
      this.#stored.delete(key);
    }
  }
}
