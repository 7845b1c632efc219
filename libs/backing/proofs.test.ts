import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualClock } from '#clock/manual-clock.ts';
import { Proofs } from './proofs.ts';

const DENIED = new Error('denied');

function setUp() {
  const clock = new ManualClock();
  const state = { probes: 0, isDenied: false };
  const probe = async () => {
    state.probes++;
    if (state.isDenied) {
      throw DENIED;
    }
  };
  return { clock, state, proofs: new Proofs(clock, { write: { probe, validMs: 600_000 } }) };
}

describe('what a backing service was seen to do', () => {
  it('is tried by checks only if nobody has shown it lately', async () => {
    const { clock, state, proofs } = setUp();
    await proofs.check(['write']);
    await proofs.check(['write']);
    assert.equal(state.probes, 1);
    clock.advance(599_999);
    await proofs.shownBy('write', async () => {});
    clock.advance(599_999);
    await proofs.check(['write']);
    assert.equal(state.probes, 1);
    clock.advance(1);
    await proofs.check(['write']);
    assert.equal(state.probes, 2);
    await proofs.check([]);
  });

  it('is tried at once when real work has failed, and then every few seconds', async () => {
    const { clock, state, proofs } = setUp();
    await proofs.check(['write']);
    state.isDenied = true;
    await assert.rejects(
      proofs.shownBy('write', () => Promise.reject(DENIED)),
      DENIED,
    );
    await assert.rejects(proofs.check(['write']), DENIED);
    await assert.rejects(proofs.check(['write']), DENIED);
    assert.equal(state.probes, 2);
    state.isDenied = false;
    clock.advance(5_000);
    await proofs.check(['write']);
    assert.equal(state.probes, 3);
  });

  it('is as good as it was when the clock is set', async () => {
    const clock = new ManualClock();
    let probes = 0;
    const probe = async () => void probes++;
    const proofs = new Proofs(clock, { write: { probe, validMs: 600_000 } });
    await proofs.check(['write']);
    clock.set(new Date(0));
    clock.advance(599_999);
    await proofs.check(['write']);
    assert.equal(probes, 1);
    clock.advance(1);
    await proofs.check(['write']);
    assert.equal(probes, 2);
  });
});
