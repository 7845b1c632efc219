import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { acceptAsOurs } from './our-verdict.ts';
import { PeerRoad } from './peer-road.ts';

const RUNS = 200;
const SENDER_KEY_BITS = [2048, 3072] as const;

const fields = fc.record({
  senderIndex: fc.nat(SENDER_KEY_BITS.length - 1),
  id: fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 64 }),
  ttlSeconds: fc.integer({ min: 60, max: 15_552_000 }),
  payload: fc.oneof(
    { arbitrary: fc.uint8Array({ maxLength: 2000, size: 'max' }), weight: 9 },
    {
      arbitrary: fc.integer({ min: 60_000, max: 140_000 }).map((n) => Buffer.alloc(n, n)),
      weight: 1,
    },
  ),
  hash: fc.constantFrom('SHA-256', 'SHA-384', 'SHA-512'),
});

describe('A valid parcel', () => {
  let road: PeerRoad;

  before(async () => {
    road = await PeerRoad.build(SENDER_KEY_BITS);
  });

  it('means the same to the peer library and to us', async () => {
    const verifier = new MessageVerifier();
    await fc.assert(
      fc.asyncProperty(fields, async ({ senderIndex, ...rest }) => {
        const parcel = await road.write(senderIndex, rest);
        const countersignature = await road.countersign(parcel);

        const ours = acceptAsOurs(verifier, road.anchor, parcel);
        assert.deepEqual(ours, await road.accept(parcel));
        assert.equal(ours.id, rest.id);
        assert.deepEqual(ours.payload, Buffer.from(rest.payload));
        const trust = { at: new Date(), anchors: [road.anchor] };
        assert.equal(
          verifier.verifyDetached(countersignature, parcel, 'parcel-delivery', trust).nodeId,
          ours.path[2],
        );
      }),
      { numRuns: RUNS },
    );
  });
});
