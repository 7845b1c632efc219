import { RawCall } from '#test/cogrpc/raw-call.ts';
import { authorizationOf } from '#test/peers/courier.ts';
import { until } from '#test/runtime/until.ts';
import type { Attacker } from './attacker.ts';

const COLLECT = '/awala.cogrpc.CargoRelay/CollectCargo';

interface UnacknowledgedCallsOptions {
  /** Whether to read nothing that the gateway sends. */
  readonly isDeaf?: boolean;
}

/** Shows the same CCAs again and again, each over a connection of its own, and acknowledges nothing. */
export class UnacknowledgedCalls {
  readonly #attacker: Attacker;
  readonly #options: UnacknowledgedCallsOptions;
  readonly #calls = new Map<Buffer, RawCall>();

  constructor(attacker: Attacker, options: UnacknowledgedCallsOptions = {}) {
    this.#attacker = attacker;
    this.#options = options;
  }

  /** Calls in progress. */
  get open(): number {
    return this.#calls.size;
  }

  /** Calls with each of these CCAs that no call in progress shows. */
  async show(ccas: readonly Buffer[]): Promise<void> {
    for (const cca of ccas) {
      if (!this.#calls.has(cca)) {
        const session = await this.#attacker.connect();
        const authorization = authorizationOf(cca);
        const call = RawCall.over(session, COLLECT, { authorization, ...this.#options });
        this.#calls.set(cca, call);
        void call.status.then(() => {
          this.#calls.delete(cca);
          session.destroy();
        });
      }
    }
  }

  /** Resolves once each call in progress got some of its cargo. */
  untilReceived(): Promise<void> {
    return until(() => [...this.#calls.values()].every((call) => call.receivedOctets > 0));
  }
}
