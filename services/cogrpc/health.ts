import type {
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { FairShares, type Share, type Who } from '#bounds/fair-shares.ts';
import { refusedWith } from './answers.ts';
import { CARGO_RELAY_NAMES } from './service-definitions.ts';

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

type Watch = ServerWritableStream<HealthRequest, HealthResponse>;

interface HealthParts {
  readonly maxWatches: number;
  /** How watches are divided: one more takes the place of one of whoever has most. */
  readonly whoWatches: (call: Watch) => Who;
}

/**
 * The gRPC health service: SERVING until {@link Health.stop}, for the whole server (the empty name)
 * and for each name of the cargo relay.
 *
 * Says nothing about the backing services: a gateway without them answers UNAVAILABLE itself, and a
 * restart would not help.
 */
export class Health {
  readonly #watches = new Map<Watch, Share>();
  readonly #shares: FairShares;
  readonly #whoWatches: HealthParts['whoWatches'];
  #isServing = true;

  constructor({ maxWatches, whoWatches }: HealthParts) {
    this.#shares = new FairShares({ capacity: maxWatches });
    this.#whoWatches = whoWatches;
  }

  readonly implementation: UntypedServiceImplementation = {
    Check: (
      { request }: ServerUnaryCall<HealthRequest, HealthResponse>,
      answer: sendUnaryData<HealthResponse>,
    ) => this.#check(request, answer),
    Watch: (call: Watch) => this.#watch(call),
  };

  /** Answers NOT_SERVING from now on, tells watchers, and ends their calls. */
  stop(): void {
    this.#isServing = false;
    for (const call of this.#watches.keys()) {
      call.write(this.#responseFor(call.request));
      call.end();
    }
    this.#watches.clear();
  }

  #check(request: HealthRequest, answer: sendUnaryData<HealthResponse>): void {
    const response = this.#responseFor(request);
    if (response.status === 'SERVICE_UNKNOWN') {
      answer(refusedWith('service-unknown', 'There is no such service'));
    } else {
      answer(null, response);
    }
  }

  #watch(call: Watch): void {
    call.on('error', () => {});
    const refuse = () => {
      this.#watches.delete(call);
      call.emit('error', refusedWith('watches-full', 'Too many watch, or going away'));
    };
    const share = this.#isServing ? this.#shares.take(this.#whoWatches(call), 1, refuse) : null;
    if (!share) {
      refuse();
      return;
    }
    this.#watches.set(call, share);
    call.once('cancelled', () => {
      this.#watches.delete(call);
      share.release();
    });
    call.write(this.#responseFor(call.request));
  }

  #responseFor({ service }: HealthRequest): HealthResponse {
    const isKnown = ['', ...CARGO_RELAY_NAMES].includes(service);
    if (!isKnown) {
      return { status: 'SERVICE_UNKNOWN' };
    }
    return { status: this.#isServing ? 'SERVING' : 'NOT_SERVING' };
  }
}
