import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { RetryLaterError } from '#work-queue/port.ts';
import { Admissions } from './admissions.ts';
import type { DeliveryAnswer } from './delivery-answer.ts';
import { Destinations } from './destinations.ts';

const APP = 'app.example';
const LIMITS = { maxConcurrent: 2, minPauseMs: 10_000, maxPauseMs: 60_000, maxTracked: 5 };
const DELIVERED: DeliveryAnswer = { outcome: 'delivered' };

function failed(destination: 'down' | 'up' | 'up-for-others', retryAfterMs: number | null = null) {
  return { outcome: 'failed', reason: 'failed', destination, retryAfterMs } as const;
}

function setUp() {
  const clock = new ManualClock();
  const destinations = new Destinations(clock, { ...LIMITS, failuresToPause: 3 }, () => 1);
  const ofSenders = { ...LIMITS, failuresToPause: 1, isAwaitedByDefault: false };
  const senders = new Destinations(clock, ofSenders, () => 1);
  const admissions = new Admissions({ destinations, senders });
  return { clock, destinations, senders, admissions };
}

/** @returns how long a parcel is sent away, and what for */
function sentAway({ clock, admissions }: ReturnType<typeof setUp>, sender: string) {
  try {
    admissions.admit(APP, sender);
  } catch (error) {
    assert.ok(error instanceof RetryLaterError && error.notBefore);
    const { notBefore, waitsFor } = error;
    return { inMs: notBefore.getTime() - clock.now().getTime(), waitsFor };
  }
  assert.fail('was admitted');
}

describe('Admissions', () => {
  it('keep away a sender alone whom a destination has enough of, for as long as it asks', () => {
    const setting = setUp();
    const { clock, admissions } = setting;
    admissions.admit(APP, 'limited').end(failed('up-for-others', 30_000));
    assert.deepEqual(sentAway(setting, 'limited'), {
      inMs: 30_000,
      waitsFor: `${APP} limited`,
    });
    admissions.admit(APP, 'other').end(DELIVERED);
    admissions.admit('other.example', 'limited').end(DELIVERED);
    clock.advance(30_000);
    admissions.admit(APP, 'limited').end(DELIVERED);
  });

  it('let those come of a sender who waited, once the destination takes one of them', () => {
    const setting = setUp();
    const { clock, admissions } = setting;
    admissions.admit(APP, 'limited').end(failed('up-for-others'));
    sentAway(setting, 'limited');
    clock.advance(10_000);
    const rooms = admissions.admit(APP, 'limited').end(DELIVERED);
    assert.deepEqual(
      rooms.map(({ waitsFor, count }) => [waitsFor, count]),
      [
        [`${APP} limited`, 2],
        [APP, 2],
      ],
    );
  });

  it('ask about no sender whom nothing holds up', () => {
    const { admissions } = setUp();
    const asked = [1, 2].map(() => admissions.admit(APP, 'one').end(DELIVERED));
    assert.deepEqual(
      asked.map((rooms) => rooms.map(({ waitsFor }) => waitsFor)),
      [[APP], []],
    );
  });

  it('keep away everybody from a destination in trouble, and hold no place for them', () => {
    const setting = setUp();
    const { admissions, senders } = setting;
    admissions.admit(APP, 'one').end(failed('down', 20_000));
    assert.deepEqual(sentAway(setting, 'other'), { inMs: 20_000, waitsFor: APP });
    assert.equal(senders.tracked, 0);
  });

  it('hold up no other parcel for the trouble of one', () => {
    const { admissions } = setUp();
    admissions.admit(APP, 'one').end(failed('up', 30_000));
    assert.equal(admissions.turnAt(APP, 'one'), null);
    admissions.admit(APP, 'one').end(DELIVERED);
  });

  it('remember no more senders than they may', () => {
    const { admissions, senders } = setUp();
    for (let count = 0; count < 20; count++) {
      admissions.admit(APP, `limited ${count}`).end(failed('up-for-others', 60_000));
    }
    assert.equal(senders.tracked, LIMITS.maxTracked);
  });
});
