import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NodeId } from '#awala/node-id.ts';
import { traceOf, withoutNames } from '#log/trace.ts';
import { cargoKey, gatewayBoundKey, internetBoundKey } from './object-keys.ts';

const node = (digit: string) => `0${digit.repeat(64)}` as NodeId;
const parcelId = 'parcel';

describe('keys of parcels and cargoes', () => {
  const keys = {
    gatewayBound: gatewayBoundKey({
      privateGateway: node('1'),
      recipient: node('2'),
      sender: node('3'),
      parcelId,
    }),
    internetBound: internetBoundKey({
      sender: node('3'),
      recipientAddress: 'ping.example',
      recipientId: 'ping',
      parcelId,
    }),
    cargo: cargoKey({ sender: node('3'), cargoId: 'cargo' }),
  };

  for (const [kind, key] of Object.entries(keys)) {
    it(`are known to the log wherever they stand in a text: ${kind}`, () => {
      assert.equal(
        withoutNames(`No such object: ${key}.`),
        `No such object: [trace ${traceOf(key)}].`,
      );
    });
  }
});
