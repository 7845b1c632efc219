import { RawCall } from '#test/cogrpc/raw-call.ts';
import type { Attacker } from './attacker.ts';

const DELIVER = '/awala.cogrpc.CargoRelay/DeliverCargo';
const CALLS_ON_A_CONNECTION = 5;

interface SilentCallsOptions {
  readonly calls: number;
  /** What is sent in each. */
  readonly begun: Uint8Array;
}

/** Holds as many `DeliverCargo` calls as it can, each of which brings nothing more. */
export class SilentCalls {
  readonly #attacker: Attacker;
  readonly #options: SilentCallsOptions;
  #open = 0;

  constructor(attacker: Attacker, options: SilentCallsOptions) {
    this.#attacker = attacker;
    this.#options = options;
  }

  /** Opens again those that were ended. */
  async renew(): Promise<void> {
    const { calls, begun } = this.#options;
    while (this.#open < calls) {
      const session = await this.#attacker.connect();
      for (let index = 0; index < CALLS_ON_A_CONNECTION; index++) {
        const call = RawCall.over(session, DELIVER);
        void call.send(begun);
        this.#open += 1;
        void call.status.then(() => {
          this.#open -= 1;
        });
      }
      await new Promise((resolve) => session.ping(resolve));
    }
  }
}
