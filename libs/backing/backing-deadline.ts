/**
 * Longest time for a call to a backing service, repetitions included, unless the caller is more patient:
 * deployed clients give up at 3 s.
 */
export const BACKING_DEADLINE_MS = 2_000;
