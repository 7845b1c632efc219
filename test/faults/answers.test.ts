import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answer, Answers } from './answers.ts';

describe('What clients were told', () => {
  /** @returns what is made of the answer, which came after so long */
  function madeOf(answer: Answer, tookMs: number, lostMs = 0): Answer | undefined {
    const answers = new Answers({ lostMsSince: () => lostMs });
    answers.record('collect', performance.now() - tookMs, answer, '');
    const all = ['served', 'later', 'late', 'cut', 'silent', 'starved', 'blamed'] as const;
    return answers.of(...all)[0]?.answer;
  }

  it('is late if it was to come again, and its patience was nearly over', () => {
    assert.equal(madeOf('later', 2_400), 'later');
    assert.equal(madeOf('later', 2_600), 'late');
    assert.equal(madeOf('served', 2_600), 'served');
  });

  it('is not held against processes that did not get the processor', () => {
    assert.equal(madeOf('later', 2_600, 200), 'starved');
    assert.equal(madeOf('silent', 3_000, 600), 'starved');
    assert.equal(madeOf('blamed', 10, 600), 'blamed');
    assert.equal(madeOf('cut', 10, 600), 'cut');
  });

  it('is held against them for the time that they had it', () => {
    assert.equal(madeOf('later', 2_900, 200), 'late');
    assert.equal(madeOf('silent', 3_000, 400), 'silent');
  });
});
