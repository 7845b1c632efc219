import type { ServerHttp2Stream } from 'node:http2';
import { ServerInterceptingCall, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { Budget } from '#bounds/budget.ts';
import { watchOctets } from './call-stream.ts';
import { MAX_GRPC_MESSAGE_OCTETS } from './limits.ts';
import { MessageMeter } from './message-meter.ts';
import type { CargoDelivery } from './service-definitions.ts';

/**
 * An admitted cargo. Its memory stays reserved until the call is over, or until it was taken and
 * released.
 */
export interface AdmittedDelivery extends CargoDelivery {
  /**
   * @returns a function that frees the memory: call it when the cargo is processed, whatever became
   * of the call
   */
  take(): () => void;
}

interface DeliveryBounds {
  /** Shared by all calls. */
  readonly budget: Budget;
  /** Cargoes of one call admitted at once. */
  readonly window: number;
  /** Called for a cargo in too many pieces; must end the call. */
  readonly onCrumbled: () => void;
}

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
  /** Cargoes admitted and not yet processed. */
  readonly #window: Budget;
  readonly #over = new AbortController();
  /** Of arriving cargo, in order; null if the call is over first. */
  readonly #reserved: Promise<(() => void) | null>[] = [];
  /** Admitted cargo that nobody has taken. */
  readonly #untaken = new Set<() => void>();
  /** Reservations that wait. */
  #waiting = 0;

  constructor(stream: ServerHttp2Stream, { budget, window, onCrumbled }: DeliveryBounds) {
    this.#stream = stream;
    this.#budget = budget;
    this.#window = new Budget(window);
    const meter = new MessageMeter({
      onBegin: ({ octets, isCompressed }) =>
        // Its size is unknown until it is decompressed.
        this.#begin(isCompressed ? MAX_GRPC_MESSAGE_OCTETS : octets),
      onComplete: () => {},
      onCrumbled,
    });
    watchOctets(stream, (chunk) => meter.take(chunk));
    // gRPC makes the stream flow whenever it wants the next message.
    stream.on('resume', () => this.#holdBack());
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
      return () => {
        release();
        leave();
      };
    };
    handOn({ id: delivery.id, cargo: delivery.cargo, take });
  }

  /** Hands nothing more on; nobody will take what was handed on. Safe to repeat. */
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
