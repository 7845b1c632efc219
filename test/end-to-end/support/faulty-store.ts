import { BackingFullError, BackingUnavailableError } from '#backing/errors.ts';
import { InMemoryObjectStore, type ObjectStoreCall } from '#object-store/in-memory.ts';

/** More than any test needs. */
const ROOM = { leftOctets: 2 ** 40 };

/** How a store fails; `stuck` never answers, null works. */
export type Fault = 'down' | 'full' | 'stuck' | 'broken' | null;

/** An object store in memory that fails on demand. */
export class FaultyStore {
  readonly objects = new InMemoryObjectStore({
    before: (call) => this.#before(call),
    room: ROOM,
  });
  fault: Fault = null;
  /** The methods that fail. */
  methods: readonly ObjectStoreCall['method'][] = ['put', 'get', 'delete', 'list'];
  /** Calls that wait for ever. */
  stuck = 0;
  /** The deadline of the latest call. */
  lastDeadlineMs: number | undefined;
  /** Failed calls, since a test last reset this. */
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
