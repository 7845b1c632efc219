import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { retryAfterMs } from './retry-after.ts';

const DATE = 'Thu, 08 Oct 2026 07:50:38 GMT';
const HOUR_MS = 3_600_000;

function asked(retryAfter: unknown, { date = DATE as unknown, detail = '' } = {}) {
  return retryAfterMs({ retryAfter, date, detail });
}

describe('how long an authority asks to be left alone', () => {
  it('is told in seconds, or as a date by its own clock', () => {
    assert.equal(asked('75533'), 75_533_000);
    assert.equal(asked('Thu, 08 Oct 2026 08:50:38 GMT'), HOUR_MS);
  });

  it('is told by Let’s Encrypt in words as well, which count where the header does not', () => {
    const detail =
      'too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after 2026-10-08 08:50:38 UTC: see https://letsencrypt.org/docs/rate-limits/#new-certificates-per-exact-set-of-identifiers';
    assert.equal(asked('60', { detail }), 60_000);
    for (const header of [undefined, '', '0', 'soon', '-5', 'Thu, 01 Oct 2026 00:00:00 GMT']) {
      assert.equal(asked(header, { detail }), HOUR_MS, String(header));
    }
    assert.equal(asked(undefined, { detail: 'retry after 2026-10-08T08:50:38Z' }), HOUR_MS);
  });

  for (const [what, header] of Object.entries({
    'a date that is past': 'Thu, 08 Oct 2026 07:50:37 GMT',
    'no time': '0',
    'a negative number': '-3600',
    'a fraction': '1.5',
    'an endless number': '9'.repeat(400),
    'a number that JavaScript takes for a year': '9999999999',
    'a number in another notation': '1e6',
    words: 'tomorrow',
    'a date that is none': 'Thu, 99 Foo 2026 99:99:99 GMT',
    'a date in another form': '2026-10-09',
    'two values': '60, 120',
    nothing: '',
  })) {
    it(`is not known from ${what}`, () => {
      assert.equal(asked(header), null);
      assert.equal(asked(header, { detail: 'retry after 2026-99-99 99:99:99 UTC' }), null);
    });
  }

  it('is not known from a date if the authority does not tell its own', () => {
    for (const date of [null, 'today']) {
      assert.equal(asked('Thu, 08 Oct 2026 08:50:38 GMT', { date }), null);
    }
  });
});
