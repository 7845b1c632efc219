import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamingMode } from '@relaycorp/relaynet-core';
import { SupervisedGateway } from '#test/end-to-end/restarts/supervised-gateway.ts';
import { dataFolder } from '#test/end-to-end/support/gateway-process.ts';
import { JsPhone } from '#test/peers/js/phone.ts';

describe('the deployed JavaScript client, with a gateway that restarts', () => {
  it('goes on collecting if the gateway’s parent holds the listening socket', async () => {
    await using folder = await dataFolder();
    await using gateway = await SupervisedGateway.start(folder.path);
    const phone = await JsPhone.register(gateway.port);
    let handshakes = 0;
    const { promise: connected, resolve } = Promise.withResolvers<void>();
    const collections = phone.client
      .collectParcels([phone.collectionSigner], StreamingMode.KEEP_ALIVE, () => {
        handshakes += 1;
        resolve();
      })
      [Symbol.asyncIterator]();
    const next = collections.next();
    await connected;
    assert.equal(await gateway.restart(), 0);
    await phone.deliver(await phone.makeParcel(Buffer.from('after the restart')));
    const { value } = await next;
    assert.ok(value);
    await value.ack();
    // It comes back at once, and again at once if it were closed again.
    assert.equal(handshakes, 2);
    await collections.return?.(undefined);
  });
});
