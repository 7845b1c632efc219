import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { InMemoryObjectStore, type ObjectStoreCall } from '#object-store/in-memory.ts';

/** What is wrong with a store, if anything; `stuck` never answers. */
export type Fault = 'down' | 'full' | 'stuck' | 'broken' | null;

/** An object store in memory that fails as it is told. */
export class FaultyStore {
  readonly objects = new InMemoryObjectStore({ before: (call) => this.#before(call) });
  fault: Fault = null;
  /** The calls that fail. */
  methods: readonly ObjectStoreCall['method'][] = ['put', 'get', 'delete', 'list'];
  /** Calls that wait for an answer that will not come. */
  stuck = 0;
  /** The time that the latest call brought. */
  lastDeadlineMs: number | undefined;
  /** Calls that failed, since the test last set it. */
  failed = 0;

  #before({ method, deadlineMs }: ObjectStoreCall): Promise<void> | void {
    this.lastDeadlineMs = deadlineMs;
    if (!this.methods.includes(method)) {
      return;
    }
    this.failed += this.fault === null ? 0 : 1;
    switch (this.fault) {
      case 'down':
        throw new BackingUnavailableError('object-store', 'told to fail');
      case 'full':
        throw new BackingFullError('object-store', 'told to have no room');
      case 'broken':
        throw new TypeError('told to surprise');
      case 'stuck':
        this.stuck += 1;
        return new Promise(() => {});
    }
  }
}
