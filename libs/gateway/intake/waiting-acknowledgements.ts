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
  /** Bounds the octets in memory; cargo without room waits for the workers. */
  readonly budget: Budget;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Younger cargo is usually being unpacked. Couriers wait 5 s between delivering and collecting
 * (RS-000 "Cargo Relay Binding"), which leaves some for this.
 */
const WAITS_AFTER_MS = 2_000;
/**
 * How long a collecting courier waits; parcels acknowledged in later cargo may be collected again.
 */
const PATIENCE_MS = 300;
/** How long to work on, meanwhile and for the next call. */
const WORK_MS = 2_000;
const CALL_MS = 1_000;
/** Cargoes of a private gateway examined per CCA. */
const MAX_CARGOES = 200;
/** Cargoes remembered, so that this process reads none twice. */
const MAX_REMEMBERED = 10_000;
/** Copies of each octet held: the cargo, and its plaintext. */
const COPIES = 2;
/** Concurrent deletions. */
const CONCURRENCY = 16;

/**
 * Heeds the acknowledgements (PCAs) in cargo that the workers have not unpacked yet, because the
 * queue is down or they are behind, before a private gateway gets its parcels. The workers still
 * unpack the whole cargo.
 */
export class WaitingAcknowledgements {
  readonly #parts: WaitingAcknowledgementsParts;
  /** Cargoes already read, by key and generation. */
  readonly #done: Cache<true>;
  /** Work in progress, by private gateway. */
  readonly #underWay = new Map<NodeId, Promise<void>>();

  constructor(parts: WaitingAcknowledgementsParts) {
    this.#parts = parts;
    this.#done = new Cache(parts.clock, MAX_REMEMBERED);
  }

  /**
   * Deletes what a private gateway acknowledged, within limits on time and memory. Costs a listing,
   * empty while the workers keep up.
   *
   * Never throws: what cannot be read is left to the workers.
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
      log.debug({ error, peer }, 'Could not read waiting cargo');
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

  /** Newest first, as they tell most. */
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
          // Cargo under a key open to others may contain another's messages.
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

/** Ignores malformed ones, which the workers refuse, for the sake of the others. */
function unlessMalformed(error: unknown): void {
  if (!(error instanceof MalformedMessageError)) {
    throw error;
  }
}

function nameOf({ key, generation }: ObjectEntry): string {
  return `${key} ${generation}`;
}
