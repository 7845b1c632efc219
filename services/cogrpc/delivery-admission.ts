import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import type { OctetBudget } from '#gateway/octet-budget.ts';
import type { CargoDelivery } from './service-definitions.ts';

/** A cargo that was let in, with memory reserved for it until the call is over or it is taken and given back. */
export interface AdmittedDelivery extends CargoDelivery {
  /** @returns gives the memory back: to be called when the cargo is dealt with, whatever became of the call */
  take(): () => void;
}

/**
 * Lets cargo of a `DeliverCargo` call in only when there is memory for it and the
 * call has room in its window. gRPC would otherwise read up to sixteen cargoes
 * ahead for each call; so, it stops reading and the courier has to wait.
 *
 * @param budget - shared by all calls
 * @param window - cargoes of one call that may be let in at once
 */
export function admitDeliveries(budget: OctetBudget, window: number): ServerInterceptor {
  return (method, call) => {
    if (!method.path.endsWith('/DeliverCargo')) {
      return new ServerInterceptingCall(call);
    }
    const admission = new CallAdmission(budget, window);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMessage: (delivery: CargoDelivery, handOn) => {
            void admission.admit(delivery, handOn);
          },
          onCancel: () => admission.close(),
        }),
    });
  };
}

class CallAdmission {
  readonly #budget: OctetBudget;
  readonly #window: number;
  readonly #over = new AbortController();
  readonly #untaken = new Set<() => void>();
  #letIn = 0;
  #onLeaving = () => {};

  constructor(budget: OctetBudget, window: number) {
    this.#budget = budget;
    this.#window = window;
  }

  /** gRPC has no more than one message admitted at a time. */
  async admit(
    delivery: CargoDelivery,
    handOn: (admitted: AdmittedDelivery) => void,
  ): Promise<void> {
    const release = await this.#reserve(delivery.cargo.length);
    if (!release) {
      return;
    }
    this.#untaken.add(release);
    const take = () => {
      this.#untaken.delete(release);
      return release;
    };
    handOn({ id: delivery.id, cargo: delivery.cargo, take });
  }

  /** Nothing more is handed on, and nobody will take what was. */
  close(): void {
    this.#over.abort(new Error('the call is over'));
    this.#onLeaving();
    for (const release of this.#untaken) {
      release();
    }
    this.#untaken.clear();
  }

  /** @returns null if the call is over first */
  async #reserve(octets: number): Promise<(() => void) | null> {
    const { signal } = this.#over;
    if (this.#letIn >= this.#window) {
      await new Promise<void>((resolve) => {
        this.#onLeaving = resolve;
      });
    }
    try {
      const release = await this.#budget.acquire(octets, signal);
      this.#letIn += 1;
      return () => {
        release();
        this.#letIn -= 1;
        this.#onLeaving();
      };
    } catch {
      return null;
    }
  }
}
