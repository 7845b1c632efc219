import type { ServerHttp2Stream } from 'node:http2';
import { ServerInterceptingCall, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { Budget } from '#bounds/budget.ts';
import { watchOctets } from './call-stream.ts';
import { MAX_GRPC_MESSAGE_OCTETS } from './limits.ts';
import { MessageMeter } from './message-meter.ts';
import type { CargoDelivery } from './service-definitions.ts';

/** A cargo that was let in, with memory reserved for it until the call is over or it is taken and given back. */
export interface AdmittedDelivery extends CargoDelivery {
  /** @returns gives the memory back: to be called when the cargo is dealt with, whatever became of the call */
  take(): () => void;
}

interface DeliveryBounds {
  /** Shared by all calls. */
  readonly budget: Budget;
  /** Cargoes of one call that may be let in at once. */
  readonly window: number;
  /** Told of a cargo that comes in too many pieces; must end the call. */
  readonly onCrumbled: () => void;
}

/** What each message takes besides its octets. */
const MESSAGE_OVERHEAD_OCTETS = 1_024;

/** What is kept for small cargo is a sixteenth: by default 8 MiB, more than all calls at once can need. */
const SHARE_FOR_SMALL = 1 / 16;

/**
 * The memory for cargo that arrives: whoever announces much and brings nothing, which
 * takes no certificate, holds up large cargo alone.
 */
export function deliveryBudget(octets: number): Budget {
  return new Budget(octets, { forSmall: Math.floor(octets * SHARE_FOR_SMALL) });
}

/**
 * Lets cargo of a `DeliverCargo` call come only when there is memory for it,
 * which is reserved from its first octets on, and hands it on when the call has
 * room in its window. gRPC would otherwise gather a cargo for each call whatever
 * there is, and read up to sixteen ahead; so, it stops reading and the courier has to wait.
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
        onReceiveMessage: (delivery: CargoDelivery, handOn) => {
          void admission.admit(delivery, handOn);
        },
        onCancel: () => admission.close(),
      }),
  });
}

class CallAdmission {
  readonly #stream: ServerHttp2Stream;
  readonly #budget: Budget;
  /** Cargoes that are let in and not dealt with. */
  readonly #window: Budget;
  readonly #over = new AbortController();
  /** Of cargo that is coming, in the order in which it comes; null if the call is over first. */
  readonly #reserved: Promise<(() => void) | null>[] = [];
  /** All that nobody took. */
  readonly #untaken = new Set<() => void>();
  /** Reservations that have to wait. */
  #waiting = 0;

  constructor(stream: ServerHttp2Stream, { budget, window, onCrumbled }: DeliveryBounds) {
    this.#stream = stream;
    this.#budget = budget;
    this.#window = new Budget(window);
    const meter = new MessageMeter({
      onBegin: ({ octets, isCompressed }) =>
        // Until it is decompressed nobody knows how large it is.
        this.#begin(isCompressed ? MAX_GRPC_MESSAGE_OCTETS : octets),
      onComplete: () => {},
      onCrumbled,
    });
    watchOctets(stream, (chunk) => meter.take(chunk));
    // gRPC lets the stream flow whenever it wants the next message.
    stream.on('resume', () => this.#holdBack());
    stream.once('close', () => this.close());
  }

  /** gRPC has no more than one message admitted at a time. */
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
      return () => {
        release();
        leave();
      };
    };
    handOn({ id: delivery.id, cargo: delivery.cargo, take });
  }

  /** Nothing more is handed on, and nobody will take what was. Safe to call twice. */
  close(): void {
    this.#over.abort(new Error('the call is over'));
    for (const release of this.#untaken) {
      release();
    }
    this.#untaken.clear();
  }

  #begin(octets: number): void {
    // gRPC ends the call itself.
    if (octets <= MAX_GRPC_MESSAGE_OCTETS && !this.#over.signal.aborted) {
      const cost = octets + MESSAGE_OVERHEAD_OCTETS;
      const release = this.#budget.tryAcquire(cost);
      this.#reserved.push(release ? Promise.resolve(this.#keep(release)) : this.#wait(cost));
    }
  }

  async #wait(cost: number): Promise<(() => void) | null> {
    this.#waiting += 1;
    this.#holdBack();
    try {
      return this.#keep(await this.#budget.acquire(cost, this.#over.signal));
    } catch {
      return null;
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) {
        this.#stream.resume();
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
    if (this.#waiting > 0) {
      this.#stream.pause();
    }
  }
}
