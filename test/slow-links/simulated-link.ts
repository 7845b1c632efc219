import { Duplex } from 'node:stream';
import type { Clock } from '#clock/clock.ts';

export interface LinkForm {
  /** Of each direction. */
  readonly bitsPerSecond: number;
  /** There and back, when nothing waits in the queue. */
  readonly roundTripMs: number;
  /** What passes at once after a pause, as through a token bucket; 0 if nothing is said. */
  readonly burstOctets?: number;
}

/** What a kernel takes before the network has it: Linux grows its send queue up to this, in octets. */
const SEND_QUEUE_OCTETS = 4 * 1024 * 1024;
const SEGMENT_OCTETS = 1_448;
/** So that fast links do not cost an event for each segment. */
const SHORTEST_TURN_MS = 1;

/** Two ends of a connection over a link of a given rate and delay, in the time of `clock`. */
export function simulatedLink(form: LinkForm, clock: Clock): readonly [LinkEnd, LinkEnd] {
  const one = new LinkEnd(form, clock);
  const other = new LinkEnd(form, clock);
  one.connect(other);
  other.connect(one);
  return [one, other];
}

/**
 * One end of a connection. What is written is taken at once while the send queue
 * has room, as a kernel does, and leaves the queue at the rate of the link.
 */
export class LinkEnd extends Duplex {
  readonly #clock: Clock;
  #octetsPerMs = 0;
  readonly #latencyMs: number;
  readonly #queue: Buffer[] = [];
  #queuedOctets = 0;
  #peer: LinkEnd | null = null;
  #isServing = false;
  #onRoom: (() => void) | null = null;

  readonly #burstOctets: number;
  #tokens: number;
  #tokensAtMs: number;

  constructor({ bitsPerSecond, roundTripMs, burstOctets = 0 }: LinkForm, clock: Clock) {
    super({ allowHalfOpen: false });
    this.#clock = clock;
    this.#burstOctets = burstOctets;
    this.#tokens = burstOctets;
    this.#tokensAtMs = clock.now().getTime();
    this.changeRate(bitsPerSecond);
    this.#latencyMs = roundTripMs / 2;
  }

  connect(peer: LinkEnd): void {
    this.#peer = peer;
  }

  changeRate(bitsPerSecond: number): void {
    this.#octetsPerMs = bitsPerSecond / 8 / 1_000;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, onTaken: () => void): void {
    this.#queue.push(chunk);
    this.#queuedOctets += chunk.length;
    this.#onRoom = onTaken;
    this.#takeMore();
    if (!this.#isServing) {
      this.#serve();
    }
  }

  override _final(onDone: () => void): void {
    onDone();
  }

  override _destroy(error: Error | null, onDone: (error: Error | null) => void): void {
    this.#queue.length = 0;
    this.#clock.schedule(this.#latencyMs, () => this.#peer?.destroy());
    onDone(error);
  }

  #serve(): void {
    const turn = this.#nextTurn();
    this.#isServing = turn.length > 0;
    if (this.#isServing) {
      this.#clock.schedule(this.#servingMs(turn.length), () => {
        this.#queuedOctets -= turn.length;
        this.#clock.schedule(this.#latencyMs, () => this.#peer?.push(turn));
        this.#takeMore();
        this.#serve();
      });
    }
  }

  /** How long octets take that are first in the queue now. */
  #servingMs(octets: number): number {
    const nowMs = this.#clock.now().getTime();
    const saved = this.#tokens + (nowMs - this.#tokensAtMs) * this.#octetsPerMs;
    const spent = Math.min(octets, saved, this.#burstOctets);
    this.#tokens = Math.min(saved, this.#burstOctets) - spent;
    const servingMs = (octets - spent) / this.#octetsPerMs;
    this.#tokensAtMs = nowMs + servingMs;
    return servingMs;
  }

  #takeMore(): void {
    const onRoom = this.#onRoom;
    if (onRoom && this.#queuedOctets < SEND_QUEUE_OCTETS) {
      this.#onRoom = null;
      onRoom();
    }
  }

  /** As much as leaves the queue in one event. */
  #nextTurn(): Buffer {
    const most = Math.max(SEGMENT_OCTETS, Math.ceil(this.#octetsPerMs * SHORTEST_TURN_MS));
    const parts: Buffer[] = [];
    let room = most;
    for (let next = this.#queue.shift(); next; next = room > 0 ? this.#queue.shift() : undefined) {
      parts.push(next.subarray(0, room));
      if (next.length > room) {
        this.#queue.unshift(next.subarray(room));
      }
      room -= Math.min(room, next.length);
    }
    return Buffer.concat(parts);
  }
}
