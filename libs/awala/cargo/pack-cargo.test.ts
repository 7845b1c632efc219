import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, describe, it } from 'node:test';
import {
  cargoDeliveryAuthorization,
  cargoFrom,
  internetGateway,
  type Peer,
  privateGateway,
  validAround,
} from '#test/builders/peers.ts';
import { readEnvelopedData } from '../cms/enveloped-data.ts';
import { MessageVerifier } from '../message-verifier.ts';
import { generateSessionKey } from '../sessions/session-key.ts';
import { CargoBatch, readMessageSet } from './message-set.ts';

const now = new Date('2026-01-01T00:00:00Z');

describe('packing cargo', () => {
  const recipientKey = generateSessionKey();
  const verifier = new MessageVerifier();
  let phone: Peer;
  let sender: Peer;

  before(async () => {
    const gateway = await internetGateway('gateway', validAround(now));
    phone = await privateGateway('phone', gateway, validAround(now));
    sender = await cargoDeliveryAuthorization(gateway, phone, validAround(now));
  });

  function pack(messages: readonly Uint8Array[]): Promise<Uint8Array> {
    const recipient = { id: phone.nodeId };
    return cargoFrom(sender, { messages, recipient, recipientKey, createdAt: now });
  }

  function unpack(octets: Uint8Array): Uint8Array[] {
    const cargo = verifier.read(octets, 'cargo');
    verifier.verifyAuthorised(cargo, { at: now, anchors: [phone.certificate] });
    const plaintext = readEnvelopedData(cargo.payload).decrypt(recipientKey.privateKey);
    return [...readMessageSet(plaintext)];
  }

  it('takes any number of messages of any size', async () => {
    for (const sizes of [[], [0], [1, 0, 127, 128, 70_000], new Array(5_000).fill(100)]) {
      const messages = sizes.map((octets) => randomBytes(octets));
      const unpacked = unpack(await pack(messages));
      assert.ok(Buffer.concat(unpacked).equals(Buffer.concat(messages)));
      assert.equal(unpacked.length, messages.length);
    }
  });

  it('fills a cargo with what a batch takes', async () => {
    const batch = new CargoBatch();
    while (batch.add(randomBytes(500_000), now)) {}
    const cargo = await pack(batch.messages);
    assert.ok(cargo.length <= 8_396_800, 'RS-001 limits what is written');
    assert.equal(unpack(cargo).length, batch.messages.length);
  });

  it('refuses more than a cargo takes', async () => {
    await assert.rejects(pack([new Uint8Array(2 ** 23)]), RangeError);
  });

  it('does not change the messages', async () => {
    const message = randomBytes(1_000);
    const before = Buffer.from(message);
    await pack([message]);
    assert.deepEqual(message, before);
  });
});
