import type { ServerHttp2Stream } from 'node:http2';
import {
  type Metadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
} from '@grpc/grpc-js';
import { Budget } from '#bounds/budget.ts';
import type { DividedBudget } from '#bounds/divided-budget.ts';
import type { Who } from '#bounds/fair-shares.ts';
import { LeastSpeed } from '#bounds/least-speed.ts';
import type { Clock } from '#clock/clock.ts';
import { watchOctets } from './call-stream.ts';
import { type CogrpcLimits, MAX_GRPC_MESSAGE_OCTETS } from './limits.ts';
import { MessageMeter } from './message-meter.ts';
import type { CargoDelivery } from './service-definitions.ts';
import { LEAST_PROGRESS_OCTETS, Stillness } from './stillness.ts';

/**
 * An admitted cargo. Its memory stays reserved until the call is over, or until it was taken and
 * freed.
 */
export interface AdmittedDelivery extends CargoDelivery {
  take(): TakenDelivery;
}

/** What a cargo holds; give back both, whatever became of the call. */
interface TakenDelivery {
  /** Call it when the cargo is processed. */
  readonly freeMemory: () => void;
  /** Call it when the acknowledgement was taken, and room is for a further cargo. */
  readonly leaveWindow: () => void;
}

interface DeliveryBounds {
  /** Who makes the call. */
  readonly who: Who;
  readonly clock: Clock;
  readonly limits: AdmissionLimits;
  /** Shared by all calls. */
  readonly memory: DividedBudget;
  /** Called for a cargo in too many pieces; must end the call. */
  readonly onCrumbled: () => void;
  /** Called for a cargo that arrives too slowly; must end the call. */
  readonly onTooSlow: () => void;
  /** Called if others need the memory that the call holds; must end it. */
  readonly giveWay: () => void;
}

/** What admission needs of the limits. */
export type AdmissionLimits = Pick<CogrpcLimits, 'deliveryWindow' | 'paceMs' | 'leastPaceOctets'>;

/** Memory per message besides its octets. */
const MESSAGE_OVERHEAD_OCTETS = 1_024;

/** A sixteenth is reserved for small cargo: by default 8 MiB, more than all calls need. */
const SHARE_FOR_SMALL = 1 / 16;

/**
 * The memory for arriving cargo. Whoever announces much and sends nothing, which takes no
 * certificate, holds up large cargo only.
 */
export function deliveryBudget(octets: number): Budget {
  return new Budget(octets, { forSmall: Math.floor(octets * SHARE_FOR_SMALL) });
}

/**
 * Admits the cargo of a `DeliverCargo` call only when there is memory for it, reserved from the
 * first octets, and hands it on when the call has room in its window. gRPC alone would buffer a
 * cargo per call regardless, and read up to sixteen ahead; this way it stops reading, and the
 * courier waits.
 *
 * @param stream - of the call
 */
export function admitDelivery(
  call: ServerInterceptingCallInterface,
  stream: ServerHttp2Stream,
  bounds: DeliveryBounds,
): ServerInterceptingCall {
  const admission = new CallAdmission(stream, bounds);
  return new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMetadata: (metadata, handOn) => {
          admission.onArrival = () => arrivalListeners.get(metadata)?.();
          handOn(metadata);
        },
        onReceiveMessage: (delivery: CargoDelivery, handOn) => {
          void admission.admit(delivery, handOn);
        },
        onCancel: () => admission.close(),
      }),
  });
}

/** By the metadata of the call, which its handler has too. */
const arrivalListeners = new WeakMap<Metadata, () => void>();

/** Has `listener` called for each 16 KiB of cargo that arrive in the call with that metadata. */
export function hearOfArrivals(metadata: Metadata, listener: () => void): void {
  arrivalListeners.set(metadata, listener);
}

class CallAdmission {
  onArrival = () => {};
  readonly #stream: ServerHttp2Stream;
  readonly #memory: ReturnType<DividedBudget['open']>;
  readonly #pace: LeastSpeed;
  readonly #stillness: Stillness;
  readonly #meter: MessageMeter;
  #arrivedOctets = 0;
  /** Cargoes admitted and not yet acknowledged. */
  readonly #window: Budget;
  readonly #over = new AbortController();
  /** Of arriving cargo, in order; null if the call is over first. */
  readonly #reserved: Promise<(() => void) | null>[] = [];
  /** Admitted cargo that nobody has taken. */
  readonly #untaken = new Set<() => void>();
  /** What the messages cost that began to arrive, and wait until one before them is reserved for. */
  readonly #begun: number[] = [];
  /** Whether a reservation waits; one of a call does at a time. */
  #isWaiting = false;

  constructor(stream: ServerHttp2Stream, bounds: DeliveryBounds) {
    const { who, clock, limits, memory, onCrumbled, onTooSlow, giveWay } = bounds;
    this.#stream = stream;
    const count = () => this.#arrivedOctets;
    const { paceMs: everyMs, leastPaceOctets: leastOctets } = limits;
    const isHeldUp = () => stream.isPaused();
    this.#pace = new LeastSpeed({ clock, everyMs, leastOctets, count, isHeldUp, onTooSlow });
    this.#stillness = new Stillness(clock, count);
    this.#memory = memory.open({
      who,
      stillMs: () => (this.#isUpToCourier ? this.#stillness.lastsMs() : null),
      giveWay: () => {
        giveWay();
        // Not only once the courier has read that.
        this.close();
      },
    });
    this.#window = new Budget(limits.deliveryWindow);
    this.#meter = new MessageMeter({
      onBegin: ({ octets, isCompressed }) =>
        // Its size is unknown until it is decompressed.
        this.#begin(isCompressed ? MAX_GRPC_MESSAGE_OCTETS : octets),
      onComplete: () => {},
      onCrumbled,
    });
    watchOctets(stream, (chunk) => this.#arrive(chunk));
    // gRPC makes the stream flow whenever it wants the next message.
    stream.on('resume', () => {
      this.#pace.restart();
      this.#holdBack();
    });
    stream.once('close', () => this.close());
  }

  /** gRPC admits one message at a time. */
  async admit(
    delivery: CargoDelivery,
    handOn: (admitted: AdmittedDelivery) => void,
  ): Promise<void> {
    const release = await this.#reserved.shift();
    const leave = await this.#window.acquire(1, this.#over.signal).catch(() => null);
    if (!release || !leave || this.#over.signal.aborted) {
      return;
    }
    const take = () => {
      this.#untaken.delete(release);
      return { freeMemory: release, leaveWindow: leave };
    };
    handOn({ id: delivery.id, cargo: delivery.cargo, take });
  }

  /** Hands nothing more on; nobody will take what was handed on. Safe to repeat. */
  close(): void {
    this.#over.abort(new Error('the call is over'));
    this.#pace.expect(false);
    this.#memory.close();
    this.#begun.length = 0;
    for (const release of this.#untaken) {
      release();
    }
    this.#untaken.clear();
  }

  /** Whether the rest of a cargo must come, for which there is memory. */
  get #isUpToCourier(): boolean {
    return this.#meter.isAmidMessage && !this.#isWaiting && !this.#stream.isPaused();
  }

  #arrive(chunk: Uint8Array): void {
    const before = Math.floor(this.#arrivedOctets / LEAST_PROGRESS_OCTETS);
    this.#arrivedOctets += chunk.length;
    if (Math.floor(this.#arrivedOctets / LEAST_PROGRESS_OCTETS) > before) {
      this.onArrival();
    }
    this.#meter.take(chunk);
    this.#pace.expect(this.#isUpToCourier && !this.#over.signal.aborted);
  }

  #begin(octets: number): void {
    // gRPC ends the call itself.
    if (octets <= MAX_GRPC_MESSAGE_OCTETS && !this.#over.signal.aborted) {
      this.#begun.push(octets + MESSAGE_OVERHEAD_OCTETS);
      this.#reserve();
    }
  }

  /** Reserves for what has begun, until that has to wait. */
  #reserve(): void {
    while (!this.#isWaiting) {
      const cost = this.#begun.shift();
      if (cost === undefined) {
        return;
      }
      const release = this.#memory.tryAcquire(cost);
      this.#reserved.push(release ? Promise.resolve(this.#keep(release)) : this.#wait(cost));
    }
  }

  async #wait(cost: number): Promise<(() => void) | null> {
    this.#isWaiting = true;
    this.#holdBack();
    try {
      const release = this.#keep(await this.#memory.acquire(cost, this.#over.signal));
      this.#isWaiting = false;
      this.#reserve();
      return release;
    } catch {
      this.#isWaiting = false;
      return null;
    } finally {
      if (!this.#isWaiting) {
        this.#stream.resume();
        this.#stillness.gotOn();
      }
    }
  }

  #keep(release: () => void): () => void {
    this.#untaken.add(release);
    if (this.#over.signal.aborted) {
      this.close();
    }
    return release;
  }

  #holdBack(): void {
    if (this.#isWaiting) {
      this.#stream.pause();
    }
  }
}
