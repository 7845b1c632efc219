import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it, mock } from 'node:test';
import { StreamingMode } from '@relaycorp/relaynet-core';
import { ServerError } from '@relaycorp/relaynet-poweb';
import { WebSocket } from 'ws';
import { parseChallenge, serialiseHandshakeResponse } from '#awala/collection/handshake.ts';
import { nodeIdOfKey } from '#awala/node-id.ts';
import { Certificate } from '#awala/x509/certificate.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { BOTH_FORMS, type ReachableGateway } from './support/both-forms.ts';
import { startInOneProcess } from './support/in-one-process.ts';

const DAY_MS = 86_400_000;

/** What the deployed clients do besides the specification; see docs/clients.md. */
for (const form of BOTH_FORMS) {
  describe(`the quirks of the deployed PoWeb clients, with a gateway ${form.name}`, {
    skip: form.missing,
  }, () => {
    let gateway: ReachableGateway;

    before(async () => {
      gateway = await form.start();
    });
    after(() => gateway[Symbol.asyncDispose]());

    it('a backlog of 500 small parcels reaches the client that merges frames, each once', async () => {
      const phone = await JsPhone.register(gateway.listening.poweb);
      const contents = Array.from({ length: 500 }, (_, index) => `parcel ${index}`);
      await hold(gateway, phone, contents);
      const mode = StreamingMode.CLOSE_UPON_COMPLETION;
      const collected: string[] = [];
      for await (const collection of phone.client.collectParcels([phone.collectionSigner], mode)) {
        collected.push(Buffer.from(collection.parcelSerialized).toString());
        await collection.ack();
      }
      assert.deepEqual(collected.sort(), contents.sort());
    });

    it('a keep-alive client without User-Agent survives a drain: it comes back by itself', async () => {
      const drained = await JsPhone.register(gateway.listening.poweb);
      const signers = [drained.collectionSigner];
      let handshakes = 0;
      let replacing = Promise.resolve();
      const { promise: reconnected, resolve } = Promise.withResolvers<void>();
      const mode = StreamingMode.KEEP_ALIVE;
      const collections = drained.client
        .collectParcels(signers, mode, () => {
          handshakes += 1;
          if (handshakes === 1) {
            replacing = gateway.replaceCollection();
          } else {
            resolve();
          }
        })
        [Symbol.asyncIterator]();
      const next = collections.next();
      await reconnected;
      await drained.deliver(await drained.makeParcel(Buffer.from('after the drain')));
      const { value } = await next;
      assert.equal(handshakes, 2);
      assert.ok(value);
      await value.ack();
      await collections.return?.(undefined);
      await replacing;
    });

    it('a close-upon-completion client is drained with 4000, which it reports', async () => {
      const drained = await JsPhone.register(gateway.listening.poweb);
      await drained.deliver(await drained.makeParcel(Buffer.from('never acknowledged')));
      const mode = StreamingMode.CLOSE_UPON_COMPLETION;
      const collections = drained.client.collectParcels([drained.collectionSigner], mode);
      const iterator = collections[Symbol.asyncIterator]();
      await iterator.next();
      await gateway.replaceCollection();
      await assert.rejects(iterator.next(), { name: ServerError.name, message: /code: 4000/ });
    });

    it('a client with a User-Agent is drained with 4000, as 1000 would end its collection', async () => {
      const drained = await JsPhone.register(gateway.listening.poweb);
      const socket = new WebSocket(
        `ws://127.0.0.1:${gateway.listening.poweb}/v1/parcel-collection`,
        { headers: { 'user-agent': 'okhttp/4.12.0', 'x-relaynet-streaming-mode': 'keep-alive' } },
      );
      const [challenge] = await once(socket, 'message');
      const nonce = Uint8Array.from(parseChallenge(challenge)).buffer;
      const signature = await drained.collectionSigner.sign(nonce);
      socket.send(serialiseHandshakeResponse([new Uint8Array(signature)]));
      const closed = once(socket, 'close');
      await gateway.replaceCollection();
      const [code] = await closed;
      assert.equal(code, 4000);
    });
  });
}

// In one process only: both sides' time passes at once, by the timers of this process.
describe('a consumer that is busy with a delivery for longer than 7 s', () => {
  it('goes on being pinged', async () => {
    await using gateway = await startInOneProcess();
    const phone = await JsPhone.register(gateway.listening.poweb);
    await hold(gateway, phone, ['slow to consume', 'next']);
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

/** Puts parcels of any content into a phone's mailbox; the client does not look into them. */
async function hold(
  { gateway: { mailbox } }: ReachableGateway,
  phone: JsPhone,
  contents: readonly string[],
): Promise<void> {
  const privateGateway = nodeIdOfKey(certificateOf(phone).spki);
  const expiresAt = new Date(Date.now() + DAY_MS);
  await Promise.all(
    contents.map((content) => {
      const parcel = { privateGateway, recipient: 'r', sender: 's', parcelId: content };
      return mailbox.store(parcel, Buffer.from(content), expiresAt);
    }),
  );
}

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
