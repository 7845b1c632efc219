import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { messageSetDer } from '#awala/cargo/message-set.ts';
import { encodeDer } from '#awala/der/writer.ts';
import { CARGO_PREFIX } from '#gateway/held/object-keys.ts';
import { type UnreadablePayload, unreadablePayloads } from '#test/builders/crafted-envelopes.ts';
import { identity } from '#test/builders/peers.ts';
import { parcelOn } from '#test/builders/road.ts';
import { CourieredGateway, NeighbourCall } from './couriered-gateway.ts';

/** What the operator reads beside the job, and what the courier is told of a CCA. */
const REASONS: Readonly<Record<UnreadablePayload['reason'], RegExp>> = {
  decryption:
    /^(the cargo|The CCA is not valid: its payload) cannot be decrypted, or holds no [ \w]+$/,
  malformed: /./,
  algorithm: /not supported|algorithm|curve/i,
};

describe('A courier brings a payload', () => {
  let couriered: CourieredGateway;
  let recipientKey: CourieredGateway['gatewayKey'];
  let foreignKey: CourieredGateway['gatewayKey'];

  before(async () => {
    couriered = await CourieredGateway.start();
    const { sessionKeys } = couriered.gateway.running.gateway;
    recipientKey = couriered.gatewayKey;
    foreignKey = await sessionKeys.createFor(identity('other phone').nodeId, 'prime256v1');
  });
  after(() => couriered[Symbol.asyncDispose]());

  it('of a cargo that cannot be read: it is acknowledged, then set aside, and spoils nothing', async () => {
    const plaintext = encodeDer(messageSetDer([parcelOn(couriered.road)]));
    const all = unreadablePayloads(plaintext, { recipientKey, foreignKey });
    // Which is a cargo that holds nothing.
    const { 'that is empty': _, ...payloads } = all;
    const neighbour = await NeighbourCall.begin(couriered);
    let count = 0;
    for (const [what, { octets, reason }] of Object.entries(payloads)) {
      const counts = await couriered.counting(async () => {
        const good = couriered.cargo([parcelOn(couriered.road)]);
        await couriered.deliver(couriered.craft('cargo', { payload: octets }), good);
        await couriered.unpacked();
      });
      const expected = {
        cargoAccepted: 2,
        [`cargoRefused ${reason}`]: 1,
        'parcelAccepted cargo gateway': 1,
      };
      assert.deepEqual(counts, expected, what);
      const reasons = await couriered.setAside();
      assert.equal(reasons.length, ++count, what);
      assert.match(reasons.at(-1) ?? '', REASONS[reason], what);
    }
    assert.equal((await couriered.keys(CARGO_PREFIX)).length, count);
    assert.deepEqual(couriered.gateway.loggedAt('error'), []);
    await neighbour.finish();
  });

  it('of a CCA that cannot be read: UNAUTHENTICATED, and the next CCA is served', async () => {
    const payloads = unreadablePayloads(couriered.collectionRequest, { recipientKey, foreignKey });
    const neighbour = await NeighbourCall.begin(couriered);
    for (const [what, { octets, reason }] of Object.entries(payloads)) {
      const end = await couriered.collect(couriered.craft('cca', { payload: octets }));
      assert.deepEqual([end.code, end.cargoes], [status.UNAUTHENTICATED, 0], what);
      assert.match(end.details, REASONS[reason], what);
    }
    assert.equal((await couriered.collect(couriered.craft('cca'))).code, status.OK);
    assert.deepEqual(couriered.gateway.loggedAt('error'), []);
    await neighbour.finish();
  });

  it('of a CCA for a key that it may use: it is served', async () => {
    const { sessionKeys } = couriered.gateway.running.gateway;
    for (const curve of ['prime256v1', 'secp384r1', 'secp521r1'] as const) {
      const own = await sessionKeys.createFor(couriered.road.phone.nodeId, curve);
      const payload = couriered.seal(couriered.collectionRequest, own, curve);
      const { code } = await couriered.collect(couriered.craft('cca', { payload }));
      assert.equal(code, status.OK, curve);
    }
  });
});
