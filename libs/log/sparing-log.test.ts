import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Log, type LogFields, type LogLevel, silentLog } from './log.ts';
import { SparingLog } from './sparing-log.ts';

/** A log from `info` on that keeps its lines, and counts the logs that were made of it. */
function keepingLog() {
  const lines: [LogLevel, LogFields, string][] = [];
  let made = 0;
  const logWith = (all: LogFields): Log => ({
    ...silentLog,
    info: (fields, message) => void lines.push(['info', { ...all, ...fields }, message]),
    error: (fields, message) => void lines.push(['error', { ...all, ...fields }, message]),
    wants: (level) => level !== 'debug',
    with(fields) {
      made++;
      return logWith({ ...all, ...fields });
    },
  });
  return { log: logWith({}), lines, made: () => made };
}

it('a sparing log adds its fields to each line, and makes no log for one that is not wanted', () => {
  const { log, lines, made } = keepingLog();
  const sparing = new SparingLog(log, { request: 'r' });
  sparing.debug({ peer: 'p' }, 'Unwanted');
  assert.deepEqual([sparing.wants('debug'), sparing.wants('info'), made()], [false, true, 0]);
  sparing.info({ peer: 'p' }, 'Wanted');
  sparing.with({ step: 's' }).error({}, 'Also wanted');
  assert.deepEqual(lines, [
    ['info', { request: 'r', peer: 'p' }, 'Wanted'],
    ['error', { request: 'r', step: 's' }, 'Also wanted'],
  ]);
});
