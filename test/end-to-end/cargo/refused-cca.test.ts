import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import { cargoDeliveryAuthorization } from '#test/builders/peers.ts';
import type { RefusedMessage } from '../support/refused-message.ts';
import { CourieredGateway, NeighbourCall } from './couriered-gateway.ts';
import { damagedMessages, invalidMessages, oddMessages } from './invalid-messages.ts';

describe('A courier collects with a CCA that', () => {
  let couriered: CourieredGateway;

  before(async () => {
    couriered = await CourieredGateway.start();
  });
  after(() => couriered[Symbol.asyncDispose]());

  /** Shows each CCA, and a good one after it over the same connection, amid a neighbour. */
  async function assertRefused(ccas: Record<string, RefusedMessage>): Promise<void> {
    const neighbour = await NeighbourCall.begin(couriered);
    for (const [what, { octets, reason }] of Object.entries(ccas)) {
      const end = await couriered.collect(octets);
      const code = reason === 'wrong-recipient' ? status.INVALID_ARGUMENT : status.UNAUTHENTICATED;
      assert.deepEqual([end.code, end.cargoes], [code, 0], `${what}: ${end.details}`);
      const next = await couriered.collect(couriered.craft('cca'));
      assert.deepEqual([next.code, next.cargoes], [status.OK, 1], what);
    }
    assert.deepEqual(couriered.gateway.loggedAt('error'), []);
    await neighbour.finish();
  }

  it('is malformed: UNAUTHENTICATED', async () => {
    await assertRefused(damagedMessages(couriered, 'cca'));
  });

  it('must be refused: INVALID_ARGUMENT if it is for another gateway, else UNAUTHENTICATED', async () => {
    await assertRefused(await invalidMessages(couriered, 'cca'));
  });

  it('is odd but good: it is served', async () => {
    await couriered.gateway.hold(couriered.road.phone);
    for (const [what, cca] of Object.entries(oddMessages(couriered, 'cca'))) {
      const { code, cargoes } = await couriered.collect(cca);
      assert.deepEqual([code, cargoes], [status.OK, 1], what);
    }
  });

  it('authorises us under the certificate that we issued, as that of Android does: it is served', async () => {
    const { gateway, road } = couriered;
    const cda = await cargoDeliveryAuthorization(gateway.us, road.phone, road.validity);
    const payload = couriered.seal(serialiseCollectionRequest(cda.certificate));
    const { code } = await couriered.collect(couriered.craft('cca', { payload }));
    assert.equal(code, status.OK);
  });
});
