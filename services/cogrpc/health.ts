import type {
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { refusedWith } from './answers.ts';
import { CARGO_RELAY_NAMES } from './service-definitions.ts';

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

type Watch = ServerWritableStream<HealthRequest, HealthResponse>;

/**
 * The gRPC health service: SERVING until {@link Health.stop}, for the whole server (the empty name)
 * and for each name of the cargo relay.
 *
 * Says nothing about the backing services: a gateway without them answers UNAVAILABLE itself, and a
 * restart would not help.
 */
export class Health {
  readonly #watches = new Set<Watch>();
  readonly #maxWatches: number;
  #isServing = true;

  constructor(maxWatches: number) {
    this.#maxWatches = maxWatches;
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
    for (const call of this.#watches) {
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
    if (!this.#isServing || this.#watches.size >= this.#maxWatches) {
      call.emit('error', refusedWith('watches-full', 'Too many watch, or going away'));
      return;
    }
    this.#watches.add(call);
    call.once('cancelled', () => this.#watches.delete(call));
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
