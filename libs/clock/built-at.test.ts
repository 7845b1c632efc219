import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { it } from 'node:test';
import { BUILT_AT } from './built-at.ts';

const MOST_AGE_MS = 90 * 86_400_000;

/** When the newest commit was made; null where there is no repository. */
function newestCommit(): Date | null {
  try {
    const options = { cwd: import.meta.dirname, encoding: 'utf8', stdio: 'pipe' } as const;
    return new Date(execFileSync('git', ['log', '-1', '--format=%cI'], options).trim());
  } catch {
    return null;
  }
}

const committedAt = newestCommit();

it('the date of this release is before its newest commit, by 90 days at most', {
  skip: committedAt ? false : 'this is no Git repository',
}, () => {
  const ageMs = (committedAt?.getTime() ?? 0) - BUILT_AT.getTime();
  assert.ok(ageMs >= 0, `move ${BUILT_AT.toISOString()} back: it is after the newest commit`);
  assert.ok(ageMs < MOST_AGE_MS, `move BUILT_AT in libs/clock/built-at.ts: it is too old`);
});
