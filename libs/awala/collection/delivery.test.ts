import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertRefusesDamage } from '#test/builders/malformed.ts';
import { deliveryFrameParts, parseDelivery, serialiseDelivery } from './delivery.ts';

describe('parcel delivery', () => {
  it('is the same octets whole and in parts, whatever the size', () => {
    for (const octets of [0, 1, 100, 127, 128, 255, 256, 65_535, 65_536, 8_322_038]) {
      const parcel = Buffer.alloc(octets, 1);
      const parts = Buffer.concat([deliveryFrameParts('delivery', octets), parcel]);
      assert.ok(parts.equals(serialiseDelivery('delivery', parcel)));
    }
  });

  it('is refused when damaged', () => {
    assertRefusesDamage(serialiseDelivery('delivery', Buffer.from('parcel')), parseDelivery);
  });

  it('takes printable ASCII only as its id', () => {
    assert.throws(() => deliveryFrameParts('délivrance', 1), RangeError);
  });
});
