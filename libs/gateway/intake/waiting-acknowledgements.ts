import { typeOfCargoMessage } from '#awala/cargo/message-set.ts';
import { MalformedMessageError, MessageFault } from '#awala/errors.ts';
import { freeOctets } from '#awala/free-octets.ts';
import type { NodeId } from '#awala/node-id.ts';
import type { Budget } from '#bounds/budget.ts';
import { Cache } from '#bounds/cache.ts';
import { inTime } from '#bounds/deadline.ts';
import type { Clock } from '#clock/clock.ts';
import type { Log } from '#log/log.ts';
import type { ObjectEntry, ObjectStore } from '#object-store/port.ts';
import { cargoPrefix } from '../held/object-keys.ts';
import { type CargoAcknowledgementParts, heedAcknowledgement } from './cargo-acknowledgement.ts';
import { type CargoOpening, messagesIn } from './cargo-opening.ts';

interface WaitingAcknowledgementsParts extends CargoAcknowledgementParts {
  readonly objects: Pick<ObjectStore, 'list' | 'get'>;
  readonly opening: Pick<CargoOpening, 'open'>;
  /** Bounds the octets in memory; what it has no room for waits for the workers. */
  readonly budget: Budget;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Cargo that came since is being unpacked, as a rule. The 5 s for which RS-000 has couriers wait
 * between delivering and collecting ("Cargo Relay Binding") leave some for this.
 */
const WAITS_AFTER_MS = 2_000;
/** A courier that collects waits no longer: what is not done then may be collected once more. */
const PATIENCE_MS = 300;
/** The rest is done meanwhile, and for the next call, for no longer than this. */
const WORK_MS = 2_000;
const CALL_MS = 1_000;
/** Waiting cargoes of a private gateway that are looked at under one CCA. */
const MAX_CARGOES = 200;
/** Cargoes remembered, so that none is read twice by this process. */
const MAX_REMEMBERED = 10_000;
/** A cargo, and its plaintext. */
const COPIES = 2;
/** Deletions at once. */
const CONCURRENCY = 16;

/**
 * Heeds the acknowledgements (PCAs) in cargo that its workers have not unpacked yet, since the queue
 * is away or they are behind: before a private gateway is sent what it has. The workers unpack the
 * cargo all the same, whole.
 */
export class WaitingAcknowledgements {
  readonly #parts: WaitingAcknowledgementsParts;
  /** Cargoes that were dealt with, by key and generation. */
  readonly #done: Cache<true>;
  /** For whom this is being done. */
  readonly #underWay = new Map<NodeId, Promise<void>>();

  constructor(parts: WaitingAcknowledgementsParts) {
    this.#parts = parts;
    this.#done = new Cache(parts.clock, MAX_REMEMBERED);
  }

  /**
   * Deletes what a private gateway acknowledged, as far as there is time and memory. Costs a listing,
   * which is empty where the workers are up to date.
   *
   * Never throws: what cannot be read is for the workers to see to.
   */
  async heed(privateGateway: NodeId): Promise<void> {
    const underWay = this.#underWay.getOrInsertComputed(privateGateway, (peer) =>
      this.#begin(peer),
    );
    await inTime(this.#parts.clock, PATIENCE_MS, underWay, () => {});
  }

  async #begin(peer: NodeId): Promise<void> {
    const { clock, log } = this.#parts;
    try {
      await this.#heedAll(peer, clock.elapsedMs() + WORK_MS);
    } catch (error) {
      log.debug({ error, peer }, 'Cargo that waits to be unpacked was not read');
    } finally {
      this.#underWay.delete(peer);
    }
  }

  async #heedAll(peer: NodeId, untilMs: number): Promise<void> {
    for (const cargo of await this.#waiting(peer)) {
      if (this.#parts.clock.elapsedMs() >= untilMs) {
        return;
      }
      const release = this.#parts.budget.tryAcquire(cargo.sizeOctets * COPIES);
      if (release) {
        try {
          await this.#heedOne(peer, cargo);
        } finally {
          release();
        }
      }
    }
  }

  /** The newest first, which tell most. */
  async #waiting(peer: NodeId): Promise<ObjectEntry[]> {
    const options = { deadlineMs: CALL_MS };
    const waitsSinceMs = this.#parts.clock.now().getTime() - WAITS_AFTER_MS;
    const cargoes: ObjectEntry[] = [];
    for await (const cargo of this.#parts.objects.list(cargoPrefix(peer), options)) {
      if (cargo.storedAt.getTime() <= waitsSinceMs && !this.#done.has(nameOf(cargo))) {
        cargoes.push(cargo);
      }
      if (cargoes.length === MAX_CARGOES) {
        break;
      }
    }
    return cargoes.sort((a, b) => b.storedAt.getTime() - a.storedAt.getTime());
  }

  async #heedOne(peer: NodeId, cargo: ObjectEntry): Promise<void> {
    const { objects, opening } = this.#parts;
    const stored = await objects.get(cargo.key, { deadlineMs: CALL_MS });
    if (stored?.generation === cargo.generation) {
      try {
        const opened = await opening.open(stored.body, peer);
        if (opened) {
          // What came under a key that others may use can be another's.
          await this.#acknowledge(peer, opened.isOwn ? messagesIn(opened) : []);
          freeOctets(opened.plaintext);
        }
      } catch (error) {
        // What is wrong with a cargo, its workers tell.
        if (!(error instanceof MessageFault)) {
          throw error;
        }
      }
      this.#done.set(nameOf(cargo), true);
    }
  }

  async #acknowledge(privateGateway: NodeId, items: Iterable<Uint8Array>): Promise<void> {
    const remaining = Iterator.from(items);
    const hand = async () => {
      for (const item of remaining) {
        if (typeOfCargoMessage(item) === 'pca') {
          await heedAcknowledgement(item, privateGateway, this.#parts).catch(unlessMalformed);
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, hand));
  }
}

/** The workers refuse a malformed one; those beside it are heeded. */
function unlessMalformed(error: unknown): void {
  if (!(error instanceof MalformedMessageError)) {
    throw error;
  }
}

function nameOf({ key, generation }: ObjectEntry): string {
  return `${key} ${generation}`;
}
