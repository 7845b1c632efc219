import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogLevel } from './log.ts';
import { logStep } from './steps.ts';
import { traceOf } from './trace.ts';

const KEY = `cargo/0${'a'.repeat(64)}/${'b'.repeat(64)}`;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What is written by a log of that level. */
function linesAt(level: LogLevel) {
  const lines: Record<string, unknown>[] = [];
  const wants = (other: LogLevel) => LEVELS.indexOf(other) >= LEVELS.indexOf(level);
  const add = (own: LogLevel) => (fields: object, message: string) => {
    lines.push({ level: own, message, ...fields });
  };
  const log = {
    wants,
    debug: add('debug'),
    info: add('info'),
    warn: add('warn'),
    error: add('error'),
    with: () => log,
  };
  return { log, lines };
}

describe('a line about a step', () => {
  it('carries the key and who else had to do with it at `debug`', () => {
    const { log, lines } = linesAt('debug');
    logStep(log, 'accepted', KEY, { peer: 'p', cargo: KEY, octets: 1 });
    const line = { step: 'accepted', trace: traceOf(KEY), octets: 1 };
    const names = { key: KEY, peer: 'p', cargo: traceOf(KEY) };
    assert.deepEqual(lines, [{ level: 'info', message: 'Accepted a cargo', ...line, ...names }]);
  });

  it('carries the trace id and nobody’s from `info` on', () => {
    const { log, lines } = linesAt('info');
    logStep(log, 'accepted', KEY, { peer: 'p', cargo: KEY, octets: 1 });
    logStep(log, 'stored', KEY);
    const line = { step: 'accepted', trace: traceOf(KEY), octets: 1 };
    assert.deepEqual(lines, [{ level: 'info', message: 'Accepted a cargo', ...line }]);
  });
});
