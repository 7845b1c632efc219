import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamingMode } from '@relaycorp/relaynet-core';
import { PoWebClient } from '@relaycorp/relaynet-poweb';
import { systemClock } from '#clock/clock.ts';
import { startGateway } from '#test/interop/support/running-gateway.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { ShapingProxy } from './shaping-proxy.ts';

const FORM = { bitsPerSecond: 320e3, roundTripMs: 100 };
const PAYLOAD_OCTETS = 1_500_000;

describe('The deployed PoWeb client over a link of 320 kbit/s', () => {
  it('collects a parcel of 1.5 MB on its first connection', async () => {
    await using gateway = await startGateway();
    const phone = await JsPhone.register(gateway.listening.poweb);
    await phone.deliver(await phone.makeParcel(Buffer.alloc(PAYLOAD_OCTETS)));
    await using link = await ShapingProxy.open(gateway.listening.poweb, FORM, systemClock);
    const client = PoWebClient.initLocal(link.port);
    // In this mode it does not connect again, but throws.
    const collections = client.collectParcels(
      [phone.collectionSigner],
      StreamingMode.CLOSE_UPON_COMPLETION,
    );
    let octets = 0;
    for await (const collection of collections) {
      octets += collection.parcelSerialized.byteLength;
      await collection.ack();
    }
    assert.ok(octets > PAYLOAD_OCTETS);
  });
});
