import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import { MalformedMessageError, MessageFault } from '#awala/errors.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import { assertOwnWords } from '#test/builders/own-words.ts';
import { ParcelRoad } from '#test/builders/parcel-road.ts';
import { hostileParcels } from './hostile-messages.ts';

const RUNS = 3000;
const now = new Date('2026-03-01T12:00:00Z');

/** Octets that look like DER more often than chance has it. */
const derLike = fc.letrec<{ value: Uint8Array; tree: Uint8Array }>((tie) => ({
  value: fc.uint8Array({ maxLength: 20 }),
  tree: fc
    .record({
      tag: fc.constantFrom(0x02, 0x03, 0x04, 0x06, 0x17, 0x24, 0x30, 0x31, 0x80, 0xa0, 0xa3),
      inner: fc.array(fc.oneof({ depthSize: 'small' }, tie('value'), tie('tree')), {
        maxLength: 5,
      }),
      isIndefinite: fc.boolean(),
    })
    .map(({ tag, inner, isIndefinite }) => element(tag, Buffer.concat(inner), isIndefinite)),
})).tree;

function element(tag: number, content: Uint8Array, isIndefinite: boolean): Uint8Array {
  if (isIndefinite) {
    return Buffer.from([tag, 0x80, ...content, 0, 0]);
  }
  const { length } = content;
  const header = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.from([tag, ...header, ...content]);
}

const anyOctets = fc.oneof(fc.uint8Array({ maxLength: 300 }), derLike);

/** That is, it either succeeds or throws one of the two errors it may, which quotes nothing. */
function copes(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof MessageFault)) {
      throw error;
    }
    assertOwnWords(error.message);
  }
}

describe('What comes in', () => {
  const verifier = new MessageVerifier();
  let road: ParcelRoad;

  before(async () => {
    road = await ParcelRoad.at(now);
  });

  it('may be anything after the beginning of a message', () => {
    fc.assert(
      fc.property(anyOctets, (octets) =>
        copes(() => verifier.read(Buffer.concat([Buffer.from('Awala\x50\0'), octets]), 'parcel')),
      ),
      { numRuns: RUNS },
    );
  });

  it('may be any detached signature', () => {
    fc.assert(
      fc.property(anyOctets, (octets) =>
        copes(() =>
          verifier.verifyDetached(octets, octets, 'parcel-delivery', {
            at: now,
            anchors: road.anchors,
          }),
        ),
      ),
      { numRuns: RUNS },
    );
  });

  it('may be any certificate', () => {
    fc.assert(
      fc.property(anyOctets, (octets) => copes(() => Certificate.parse(octets))),
      { numRuns: RUNS },
    );
  });

  it('may be any content that is signed as it should be', () => {
    fc.assert(
      fc.property(anyOctets, (content) => copes(() => road.accept(road.parcel({ content })))),
      { numRuns: 100 },
    );
  });

  it('is malformed if it is made to be expensive', () => {
    const { validity, sender, recipient } = road;
    const certificate = { ...validity, subject: sender, issuer: recipient };
    for (const [what, octets] of Object.entries(hostileParcels(certificate))) {
      assert.throws(() => verifier.read(octets, 'parcel'), MalformedMessageError, what);
    }
  });
});
