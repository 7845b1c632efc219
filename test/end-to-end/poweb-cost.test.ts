import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, describe, it } from 'node:test';
import { DerReader } from '#awala/der/reader.ts';
import { MAX_CONTENT_SEGMENTS, MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { internetGateway, validAround } from '#test/builders/peers.ts';
import { parcelOn, type Road, roadUnder } from '#test/builders/road.ts';
import { hostileParcels } from '#test/fuzz/hostile-messages.ts';
import { malformedParcels, parcelOfOctets } from './support/malformed-parcels.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
/** Each takes well under a microsecond; each segment of a content is entered, read and left at most. */
const MOST_STEPS = 4 * MAX_CONTENT_SEGMENTS;
const USUAL_STEPS = 1_000;

/**
 * What reading costs beside hashing, in steps of the reader: each takes constant
 * time, or reads a text of at most 1 024 characters, whatever the size of its element.
 */
describe('The cost of reading a parcel', () => {
  let road: Road;
  let steps = 0;
  const original = Object.getOwnPropertyDescriptors(DerReader.prototype);

  before(async () => {
    road = await roadUnder(await internetGateway('us', validAround(NOW)), NOW);
  });
  beforeEach(() => {
    for (const [name, { value }] of Object.entries(original)) {
      if (typeof value === 'function' && name !== 'constructor') {
        const counted = function (this: DerReader, ...args: unknown[]) {
          steps += 1;
          return Reflect.apply(value, this, args);
        };
        Object.defineProperty(DerReader.prototype, name, { configurable: true, value: counted });
      }
    }
  });
  afterEach(() => {
    Object.defineProperties(DerReader.prototype, original);
  });

  function stepsOf(parcel: Uint8Array): number {
    steps = 0;
    try {
      new MessageVerifier().read(parcel, 'parcel');
    } catch {
      // Whether it is refused is for other tests to say.
    }
    return steps;
  }

  it('is the same whatever the size of its payload', async () => {
    const small = stepsOf(parcelOn(road, { payload: new Uint8Array() }));
    assert.ok(small > 50 && small < USUAL_STEPS, `${small}`);
    assert.ok(stepsOf(await parcelOfOctets(road, MAX_PARCEL_OCTETS)) <= small);
  });

  it('is no more for what is malformed', () => {
    for (const [what, parcel] of Object.entries(malformedParcels(road))) {
      assert.ok(stepsOf(parcel) < USUAL_STEPS, what);
    }
  });

  it('is bounded for what is made to be expensive', () => {
    const { validity, sender: subject, recipient: issuer } = road;
    for (const [what, parcel] of Object.entries(hostileParcels({ ...validity, subject, issuer }))) {
      assert.ok(stepsOf(parcel) < MOST_STEPS, `${what}: ${stepsOf(parcel)}`);
    }
  });
});
