import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeliveryAnswer } from './delivery-answer.ts';
import { DestinationAnswers } from './destination-answers.ts';

const DELIVERED: DeliveryAnswer = { outcome: 'delivered' };
const FAILED: DeliveryAnswer = {
  outcome: 'failed',
  reason: 'http-503',
  destination: 'up',
  retryAfterMs: null,
};
const ONE = { key: 'one', generation: '1' };

describe('answers that were given', () => {
  /** What is posted, and answered in that order. */
  function posting(...answers: DeliveryAnswer[]) {
    const posts: string[] = [];
    const post = (name: string) => async () => {
      posts.push(name);
      return answers[posts.length - 1] ?? DELIVERED;
    };
    return { posts, post };
  }

  it('hold for what is posted again, and while it is being posted', async () => {
    const given = new DestinationAnswers(10);
    const { posts, post } = posting();
    const both = [given.answer(ONE, post('one')), given.answer(ONE, post('one'))];
    assert.deepEqual(await Promise.all(both), [DELIVERED, DELIVERED]);
    assert.deepEqual(await given.answer(ONE, post('one')), DELIVERED);
    assert.deepEqual(posts, ['one']);
  });

  it('do not hold for what replaced it', async () => {
    const given = new DestinationAnswers(10);
    const { posts, post } = posting();
    await given.answer(ONE, post('one'));
    await given.answer({ ...ONE, generation: '2' }, post('its successor'));
    assert.deepEqual(posts, ['one', 'its successor']);
  });

  it('do not hold for what was not taken', async () => {
    const given = new DestinationAnswers(10);
    const { posts, post } = posting(FAILED, DELIVERED);
    assert.deepEqual(await given.answer(ONE, post('one')), FAILED);
    const cut = () => Promise.reject(new Error('cut'));
    await assert.rejects(given.answer(ONE, cut), /cut/);
    assert.deepEqual(await given.answer(ONE, post('one')), DELIVERED);
    assert.deepEqual(posts, ['one', 'one']);
  });

  it('are forgotten, the oldest first, when there are too many', async () => {
    const given = new DestinationAnswers(2);
    const { posts, post } = posting();
    for (const key of ['one', 'two', 'three']) {
      await given.answer({ key, generation: '1' }, post(key));
    }
    await given.answer({ key: 'three', generation: '1' }, post('three'));
    await given.answer(ONE, post('one'));
    assert.deepEqual(posts, ['one', 'two', 'three', 'one']);
  });
});
