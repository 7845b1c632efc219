import type { Backoff } from '#bounds/backoff.ts';

const TOPIC = /^[a-z][a-z-]{0,39}$/;

/** Longest key of a job, in characters. */
const MAX_JOB_KEY_LENGTH = 1_024;

/**
 * The longest that any job is put off, whoever asks. A job due later than this from now was put off
 * by a clock that was ahead.
 */
export const LONGEST_PAUSE_MS = 3_600_000;

/** Between the attempts at a job, from 5 s to 1 h, which is reached after ten. */
export const DEFAULT_BACKOFF: Backoff = { firstMs: 5_000, maxMs: LONGEST_PAUSE_MS };

/** @throws {TypeError} if `topic` is invalid, which is the caller's bug */
export function assertTopic(topic: string): void {
  if (!TOPIC.test(topic)) {
    throw new TypeError(`not a topic: ${JSON.stringify(topic.slice(0, 80))}`);
  }
}

/** @throws {TypeError} if the topic or the key is invalid, which is the caller's bug */
export function assertJob(topic: string, key: string): void {
  assertTopic(topic);
  if (key.length === 0 || key.length > MAX_JOB_KEY_LENGTH) {
    throw new TypeError(`not the key of a job: ${JSON.stringify(key.slice(0, 80))}`);
  }
}

/** @throws {TypeError} if one of the dates given is invalid */
export function assertDates(dates: readonly (Date | undefined)[]): void {
  if (dates.some((date) => date && Number.isNaN(date.getTime()))) {
    throw new TypeError('the times of a job must be valid dates');
  }
}
