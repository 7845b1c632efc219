/**
 * A time shortly before this release was made. A clock that shows an earlier time is wrong.
 *
 * Update it with each release; a test fails once it is 90 days behind the newest commit.
 */
export const BUILT_AT = new Date('2026-11-21T00:00:00Z');
