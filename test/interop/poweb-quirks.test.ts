import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it, mock } from 'node:test';
import { StreamingMode } from '@relaycorp/relaynet-core';
import { ServerError } from '@relaycorp/relaynet-poweb';
import { WebSocket } from 'ws';
import { parseChallenge, serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import { nodeIdOfKey } from '#awala/node-id.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import { JsPhone } from './support/js-phone.ts';
import { type RunningGateway, startGateway } from './support/running-gateway.ts';

const DAY_MS = 86_400_000;

/** What the deployed clients do besides the specification; see docs/clients.md. */
describe('the quirks of the deployed PoWeb clients', () => {
  let gateway: RunningGateway;
  let phone: JsPhone;

  before(async () => {
    gateway = await startGateway();
    phone = await JsPhone.register(gateway.listening.poweb);
  });
  after(() => gateway[Symbol.asyncDispose]());

  /** Puts parcels of any content into the phone's mailbox; the client does not look into them. */
  async function hold(contents: readonly string[], { mailbox } = gateway.gateway): Promise<void> {
    const { der } = certificateOf(phone);
    const privateGateway = nodeIdOfKey(Certificate.parse(der).spki);
    const expiresAt = new Date(Date.now() + DAY_MS);
    await Promise.all(
      contents.map((content) => {
        const parcel = { privateGateway, recipient: 'r', sender: 's', parcelId: content };
        return mailbox.store(parcel, Buffer.from(content), expiresAt);
      }),
    );
  }

  it('a backlog of 500 small parcels reaches the client that merges frames, each once', async () => {
    const contents = Array.from({ length: 500 }, (_, index) => `parcel ${index}`);
    await hold(contents);
    const mode = StreamingMode.CLOSE_UPON_COMPLETION;
    const collected: string[] = [];
    for await (const collection of phone.client.collectParcels([phone.collectionSigner], mode)) {
      collected.push(Buffer.from(collection.parcelSerialized).toString());
      await collection.ack();
    }
    assert.deepEqual(collected.sort(), contents.sort());
  });

  it('a keep-alive client without User-Agent survives a drain: it comes back by itself', async () => {
    await using draining = await startGateway();
    const drained = await JsPhone.register(draining.listening.poweb);
    const signers = [drained.collectionSigner];
    let handshakes = 0;
    const { promise: reconnected, resolve } = Promise.withResolvers<void>();
    const mode = StreamingMode.KEEP_ALIVE;
    const collections = drained.client.collectParcels(signers, mode, () => {
      handshakes += 1;
      if (handshakes === 1) {
        void draining.collection.drain(0);
        draining.collection.resume();
      } else {
        resolve();
      }
    });
    const next = collections[Symbol.asyncIterator]().next();
    await reconnected;
    await drained.deliver(await drained.makeParcel(Buffer.from('after the drain')));
    const { value } = await next;
    assert.equal(handshakes, 2);
    assert.ok(value);
  });

  it('a close-upon-completion client is drained with 4000, which it reports', async () => {
    await using draining = await startGateway();
    const drained = await JsPhone.register(draining.listening.poweb);
    await drained.deliver(await drained.makeParcel(Buffer.from('never acknowledged')));
    const mode = StreamingMode.CLOSE_UPON_COMPLETION;
    const collections = drained.client.collectParcels([drained.collectionSigner], mode);
    const iterator = collections[Symbol.asyncIterator]();
    await iterator.next();
    await draining.collection.drain(0);
    await assert.rejects(iterator.next(), { name: ServerError.name, message: /code: 4000/ });
  });

  it('a client with a User-Agent is drained with 4000, as 1000 would end its collection', async () => {
    await using draining = await startGateway();
    const drained = await JsPhone.register(draining.listening.poweb);
    const socket = new WebSocket(
      `ws://127.0.0.1:${draining.listening.poweb}/v1/parcel-collection`,
      { headers: { 'user-agent': 'okhttp/4.12.0', 'x-relaynet-streaming-mode': 'keep-alive' } },
    );
    const [challenge] = await once(socket, 'message');
    const nonce = Uint8Array.from(parseChallenge(challenge)).buffer;
    const signature = await drained.collectionSigner.sign(nonce);
    socket.send(serialiseHandshakeResponse([new Uint8Array(signature)]));
    const closed = once(socket, 'close');
    await draining.collection.drain(0);
    const [code] = await closed;
    assert.equal(code, 4000);
  });

  it('pings come on while the consumer is busy with a delivery for longer than 7 s', async () => {
    await hold(['slow to consume', 'next']);
    const mode = StreamingMode.CLOSE_UPON_COMPLETION;
    mock.timers.enable({ apis: ['setTimeout', 'Date'], now: Date.now() });
    try {
      let collected = 0;
      for await (const collection of phone.client.collectParcels([phone.collectionSigner], mode)) {
        collected += 1;
        await passSeconds(15);
        await collection.ack();
      }
      assert.equal(collected, 2);
    } finally {
      mock.timers.reset();
    }
  });
});

function certificateOf({ registration }: JsPhone): Certificate {
  return Certificate.parse(new Uint8Array(registration.privateNodeCertificate.serialize()));
}

/** Lets time pass for both sides, a second at a time, with the traffic of each second in between. */
async function passSeconds(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    mock.timers.tick(1_000);
    for (let turn = 0; turn < 20; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
