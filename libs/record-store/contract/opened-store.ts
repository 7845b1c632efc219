import type { Clock } from '#clock/clock.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { testsOver } from '#test/tests-over.ts';
import { type RecordFields, type RecordKind, type RecordStore, recordKind } from '../port.ts';

/** A store for one test; disposing of it closes the store and removes what it held. */
interface OpenedRecordStore extends AsyncDisposable {
  readonly store: RecordStore;
}

export type OpenRecordStore = (clock: Clock) => Promise<OpenedRecordStore>;

export const SESSIONS = recordKind<{ readonly step: number }>('test-sessions');
export const PEERS = recordKind<{ readonly step: number }>('test-peers');

/**
 * Test clocks start now: a backing service with a clock of its own must not take the records for
 * expired.
 */
function today(): Date {
  return new Date();
}

export async function listIds<F extends RecordFields>(
  store: RecordStore,
  kind: RecordKind<F>,
  idPrefix: string,
): Promise<string[]> {
  return (await Array.fromAsync(store.list(kind, idPrefix))).map(({ id }) => id);
}

/** Declares tests, each over a store and a clock of its own. */
export function testsOverStore(open: OpenRecordStore) {
  return testsOver(async () => {
    const clock = new ManualClock(today());
    const opened = await open(clock);
    const close = () => opened[Symbol.asyncDispose]();
    return { store: opened.store, clock, [Symbol.asyncDispose]: close };
  });
}
