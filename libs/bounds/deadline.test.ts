import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { inTime, withDeadline } from './deadline.ts';

const LATE = new Error('late');

function setUp() {
  const clock = new ManualClock();
  const work = Promise.withResolvers<number>();
  return { clock, work, deadline: { clock, timeoutMs: 100, tooLate: () => LATE } };
}

describe('inTime', () => {
  it('ends as the work does', async () => {
    const { clock } = setUp();
    const otherwise = () => 0;
    assert.equal(await inTime(clock, 100, Promise.resolve(7), otherwise), 7);
    await assert.rejects(
      inTime(clock, 100, Promise.reject(new Error('broken')), otherwise),
      /broken/,
    );
    assert.equal(clock.advanceToNext(), false);
  });

  it('gives up on work that hangs, and does not mind how it ends', async () => {
    const { clock, work } = setUp();
    const waiting = inTime(clock, 100, work.promise, async () => 'otherwise');
    clock.advance(100);
    assert.equal(await waiting, 'otherwise');
    work.reject(new Error('too late to matter'));
  });

  it('fails as what there is otherwise does', async () => {
    const { clock, work } = setUp();
    const waiting = inTime(clock, 100, work.promise, () => {
      throw LATE;
    });
    clock.advance(100);
    await assert.rejects(waiting, LATE);
  });
});

describe('withDeadline', () => {
  it('ends as the work does', async () => {
    const { clock, deadline } = setUp();
    assert.equal(await withDeadline(deadline, async () => 7), 7);
    await assert.rejects(
      withDeadline(deadline, async () => Promise.reject(new Error('broken'))),
      /broken/,
    );
    await assert.rejects(
      withDeadline(deadline, () => {
        throw new Error('broken at once');
      }),
      /broken at once/,
    );
    assert.equal(clock.advanceToNext(), false);
  });

  it('fails at the bound, and calls work off that does not heed it', async () => {
    const { clock, work, deadline } = setUp();
    let signal: AbortSignal | undefined;
    const waiting = withDeadline(deadline, (given) => {
      signal = given;
      return work.promise;
    });
    clock.advance(99);
    assert.equal(signal?.aborted, false);
    clock.advance(1);
    await assert.rejects(waiting, LATE);
    assert.equal(signal?.reason, LATE);
    work.reject(new Error('too late to matter'));
  });

  it('hands on a signal that is aborted earlier', async () => {
    const { deadline } = setUp();
    const aborter = new AbortController();
    const waiting = withDeadline(
      { ...deadline, signal: aborter.signal },
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    const reason = new Error('the job was taken back');
    aborter.abort(reason);
    await assert.rejects(waiting, reason);
  });
});
