import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { CARGO_PREFIX } from '#gateway/held/object-keys.ts';
import type { RefusedMessage } from '../support/refused-message.ts';
import { CourieredGateway, NeighbourCall } from './couriered-gateway.ts';
import { damagedMessages, invalidMessages, oddMessages } from './invalid-messages.ts';

/** What is counted of a good cargo that holds nothing. */
const AN_EMPTY_CARGO = { cargoAccepted: 1, emptyCargo: 1 };

describe('A courier delivers a cargo that', () => {
  let couriered: CourieredGateway;

  before(async () => {
    couriered = await CourieredGateway.start();
  });
  after(() => couriered[Symbol.asyncDispose]());

  /** Delivers each cargo and a good one after it in the same call, amid a neighbour. */
  async function assertDropped(cargoes: Record<string, RefusedMessage>): Promise<void> {
    const neighbour = await NeighbourCall.begin(couriered);
    for (const [what, { octets, reason }] of Object.entries(cargoes)) {
      const counts = await couriered.counting(async () => {
        await couriered.deliver(octets, couriered.cargo([]));
        await couriered.unpacked();
      });
      assert.deepEqual(counts, { [`cargoRefused ${reason}`]: 1, ...AN_EMPTY_CARGO }, what);
    }
    assert.deepEqual(await couriered.keys(CARGO_PREFIX), []);
    assert.deepEqual(couriered.gateway.loggedAt('error'), []);
    await neighbour.finish();
  }

  it('is malformed: it is acknowledged, counted and dropped', async () => {
    await assertDropped(damagedMessages(couriered, 'cargo'));
  });

  it('must be refused: it is acknowledged, counted by why, and dropped', async () => {
    await assertDropped(await invalidMessages(couriered, 'cargo'));
  });

  it('is odd but good: it is unpacked', async () => {
    for (const [what, cargo] of Object.entries(oddMessages(couriered, 'cargo'))) {
      const counts = await couriered.counting(() => couriered.deliver(cargo));
      await couriered.unpacked();
      assert.deepEqual(counts, AN_EMPTY_CARGO, what);
    }
    assert.deepEqual(await couriered.keys(CARGO_PREFIX), []);
  });

  it('is an octet larger than any message: it is acknowledged, and dropped unread', async () => {
    const counts = await couriered.counting(() =>
      couriered.deliver(new Uint8Array(MAX_MESSAGE_OCTETS + 1), couriered.cargo([])),
    );
    assert.deepEqual(counts, { 'cargoRefused malformed': 1, ...AN_EMPTY_CARGO });
    await couriered.unpacked();
  });

  it('was delivered before: it is acknowledged again, and changes nothing', async () => {
    const cargo = couriered.cargo([]);
    await couriered.deliver(cargo, cargo);
    await couriered.unpacked();
    await couriered.deliver(cargo);
    await couriered.unpacked();
    assert.deepEqual(await couriered.setAside(), []);
  });
});
