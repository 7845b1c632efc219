import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MalformedMessageError, MessageFault } from '#awala/errors.ts';

/**
 * Asserts that `parse` refuses a valid value as malformed once it is damaged in
 * the ways that every structure has in common: empty, cut anywhere, followed by
 * an octet, of another outermost tag, or of indefinite length. Whatever octet is
 * changed, it may only throw our errors.
 *
 * @param tagOffset - where the outermost DER value starts
 */
export function assertRefusesDamage(
  valid: Uint8Array,
  parse: (octets: Uint8Array) => unknown,
  tagOffset = 0,
): void {
  parse(valid);
  const damaged = [
    ...Array.from({ length: Math.min(valid.length, 400) }, (_, end) => valid.subarray(0, end)),
    valid.subarray(0, -1),
    Buffer.concat([valid, Buffer.of(0)]),
    withOctet(valid, tagOffset, 0x31),
    Buffer.concat([withOctet(valid, tagOffset + 1, 0x80), Buffer.of(0, 0)]),
  ];
  for (const octets of damaged) {
    assert.throws(() => parse(octets), MalformedMessageError);
  }
  const index = fc.nat({ max: valid.length - 1 });
  const property = fc.property(index, fc.nat({ max: 255 }), (at, octet) => {
    try {
      parse(withOctet(valid, at, octet));
    } catch (error) {
      const isOurs = error instanceof MessageFault;
      assert.ok(isOurs, `${error}`);
    }
  });
  fc.assert(property, { numRuns: 300 });
}

function withOctet(octets: Uint8Array, index: number, octet: number): Uint8Array {
  const changed = Uint8Array.from(octets);
  changed[index] = octet;
  return changed;
}
