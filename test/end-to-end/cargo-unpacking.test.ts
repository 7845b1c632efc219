import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { messageSetDer } from '#awala/cargo/message-set.ts';
import { serialisePca } from '#awala/cargo/pca.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import { serialiseMessage } from '#awala/ramf/message-writer.ts';
import { generateSessionKey, type SessionKeyPair } from '#awala/sessions/session-key.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { CargoIntake } from '#gateway/cargo-intake.ts';
import { CargoUnpacking } from '#gateway/cargo-unpacking.ts';
import { CARGO_PREFIX, cargoKey } from '#gateway/object-keys.ts';
import {
  cargoFrom,
  endpoint,
  internetGateway,
  type Peer,
  privateGateway,
} from '#test/builders/peers.ts';
import type { Job } from '#work-queue/port.ts';
import { OpenedGateway, OWN_ADDRESS } from './workers/opened-gateway.ts';

/** A gateway with one worker, which is given its jobs by hand. */
class Setting implements AsyncDisposable {
  readonly opened: OpenedGateway;
  readonly #unpacking: CargoUnpacking;

  private constructor(opened: OpenedGateway) {
    this.opened = opened;
    this.#unpacking = new CargoUnpacking({ ...opened, ...opened.gateway }, { itemConcurrency: 4 });
  }

  static async open(): Promise<Setting> {
    return new Setting(await OpenedGateway.open());
  }

  /** Packs a cargo as `phone` does. */
  async pack(
    messages: readonly Uint8Array[],
    { from = this.opened.phone, senderKey }: { from?: Peer; senderKey?: SessionKeyPair } = {},
  ): Promise<Uint8Array> {
    const { us, clock, gateway } = this.opened;
    return cargoFrom(from, {
      messages,
      recipient: { id: us.nodeId, internetAddress: OWN_ADDRESS },
      recipientKey: await gateway.sessionKeys.initialKey(),
      createdAt: clock.now(),
      ...(senderKey && { senderKey }),
    });
  }

  /** A cargo whose payload is not as it should be. */
  packPayload(payload: Uint8Array, from = this.opened.phone): Promise<Uint8Array> {
    const { us, clock } = this.opened;
    return serialiseMessage({
      type: 'cargo',
      id: randomUUID(),
      recipient: { id: us.nodeId },
      createdAt: clock.now(),
      ttlSeconds: 3_600,
      payload,
      sender: from.certificate,
      attachedCertificates: from.issuers,
      sign: from.sign,
    });
  }

  /** Stores a cargo as the intake does. */
  async store(cargo: Uint8Array, sender: Peer = this.opened.phone): Promise<string> {
    const cargoId = createHash('sha256').update(cargo).digest('hex');
    const key = cargoKey({ sender: sender.nodeId, cargoId });
    const expiresAt = new Date(this.opened.clock.now().getTime() + 3_600_000);
    await this.opened.objects.put(key, cargo, { expiresAt });
    return key;
  }

  handle(key: string, signal = new AbortController().signal): Promise<void> {
    const job: Job = { key, attempt: 1, expiresAt: null, signal };
    return this.#unpacking.handle(job);
  }

  async unpack(messages: readonly Uint8Array[], from?: Peer): Promise<void> {
    const cargo = await this.pack(messages, from ? { from } : {});
    await this.handle(await this.store(cargo, from));
  }

  /** Asserts that the cargo is set aside for that reason, and stays stored. */
  async assertSetAside(cargo: Uint8Array, reason: string, sender?: Peer): Promise<void> {
    const key = await this.store(cargo, sender);
    await assert.rejects(this.handle(key), { code: 'POISON_JOB' });
    assert.deepEqual(this.opened.metrics.counts, { [`cargoRefused ${reason}`]: 1 });
    assert.deepEqual(await this.opened.keys(CARGO_PREFIX), [key]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.opened[Symbol.asyncDispose]();
  }
}

function pcaOf(sender: Peer, recipient: Peer, parcelId: string): Uint8Array {
  return serialisePca({ senderId: sender.nodeId, recipientId: recipient.nodeId, parcelId });
}

describe('Unpacking cargo', () => {
  it('holds the parcels for private endpoints and queues those for Internet apps', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    const parcel = await opened.gatewayBound();
    await setting.unpack([parcel, await opened.internetBound()], opened.otherPhone);
    const [held = ''] = await opened.held(opened.phone);
    assert.deepEqual((await opened.objects.get(held))?.body, parcel);
    assert.equal((await opened.outbox()).length, 1);
    assert.equal(await opened.queue.depth('internet-delivery'), 1);
    assert.deepEqual(await opened.keys(CARGO_PREFIX), []);
    assert.deepEqual(opened.metrics.counts, {
      'parcelAccepted cargo gateway': 1,
      'parcelAccepted cargo internet': 1,
    });
  });

  it('puts the accepted parcels on the ledger of the private gateway that sent the cargo', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    await setting.unpack(
      [await opened.gatewayBound({ id: 'held' }), await opened.internetBound({ id: 'sent' })],
      opened.otherPhone,
    );
    const { ledger } = opened.gateway;
    const entries = await Array.fromAsync(ledger.list(opened.otherPhone.nodeId));
    assert.deepEqual(entries.map(({ parcelId }) => parcelId).sort(), ['held', 'sent']);
    assert.deepEqual(await Array.fromAsync(ledger.list(opened.phone.nodeId)), []);
    opened.clock.advance(3_600_000);
    assert.deepEqual(await Array.fromAsync(ledger.list(opened.otherPhone.nodeId)), []);
  });

  it('remembers the session key that came with the cargo', async () => {
    await using setting = await Setting.open();
    const senderKey = generateSessionKey();
    await setting.handle(await setting.store(await setting.pack([], { senderKey })));
    const last = await setting.opened.peerSessionKeys.last(setting.opened.phone.nodeId);
    assert.deepEqual(Buffer.from(last?.id ?? []), Buffer.from(senderKey.id));
  });

  it('deletes the acknowledged parcel, and no other', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    await setting.unpack([
      await opened.gatewayBound({ id: 'one' }),
      await opened.gatewayBound({ id: 'two' }),
    ]);
    await setting.unpack([pcaOf(opened.sender, opened.recipient, 'one')]);
    assert.equal((await opened.held(opened.phone)).length, 1);
    assert.equal(opened.metrics.counts['parcelCollected cargo'], 1);
  });

  it('does nothing on an acknowledgement of a parcel that is held for another private gateway', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    await setting.unpack([await opened.gatewayBound({ id: 'one' })]);
    await setting.unpack([pcaOf(opened.sender, opened.recipient, 'one')], opened.otherPhone);
    assert.equal((await opened.held(opened.phone)).length, 1);
    assert.equal(opened.metrics.counts['parcelCollected cargo'], undefined);
  });

  it('refuses an acknowledgement whose ids lead out of the mailbox', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    await setting.unpack([await opened.gatewayBound({ id: 'one' })]);
    const ids = ['../..', `../${opened.phone.nodeId}/${opened.recipient.nodeId}`, '', '0'];
    const pcas = ids.map((recipientId) =>
      serialisePca({ senderId: opened.sender.nodeId, recipientId, parcelId: 'one' }),
    );
    await setting.unpack(pcas, opened.otherPhone);
    assert.equal(opened.metrics.counts['parcelRefused cargo malformed'], ids.length);
    assert.equal((await opened.held(opened.phone)).length, 1);
  });

  it('takes in the good items among bad ones, and counts these', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    const good = await opened.gatewayBound();
    const tampered = Uint8Array.from(await opened.gatewayBound());
    tampered[tampered.length - 1] = (tampered.at(-1) ?? 0) ^ 1;
    const old = new Date(opened.clock.now().getTime() - 7_200_000);
    const foreign = await internetGateway('foreign', opened.validity);
    const foreignPhone = await privateGateway('foreign phone', foreign, opened.validity);
    const stranger = await endpoint('stranger', foreignPhone, opened.validity);
    await setting.unpack([
      Buffer.from('Awala\x50\x00nonsense', 'latin1'),
      Buffer.from('Awala\x51\x00nonsense', 'latin1'),
      tampered,
      await opened.gatewayBound({ createdAt: old, ttlSeconds: 60 }),
      await opened.gatewayBound({}, stranger),
      good,
    ]);
    assert.equal((await opened.held(opened.phone)).length, 1);
    assert.deepEqual(opened.metrics.counts, {
      'parcelRefused cargo malformed': 2,
      'parcelRefused cargo signature': 1,
      'parcelRefused cargo expired': 1,
      'parcelRefused cargo untrusted-path': 1,
      'parcelAccepted cargo gateway': 1,
    });
    const reasons = opened.log.lines.flatMap(({ reason }) => (reason ? [reason] : []));
    assert.equal(reasons.length, 5);
  });

  it('ignores cargo within cargo, rotations and what it does not know', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    await setting.unpack([
      await setting.pack([await opened.gatewayBound()]),
      Buffer.from('Awala\x10\x00', 'latin1'),
      Buffer.from('Awala\x44\x00', 'latin1'),
      Buffer.from('Awala\x50\x01', 'latin1'),
      Buffer.alloc(0),
      Buffer.alloc(100),
      await opened.gatewayBound(),
    ]);
    assert.deepEqual(opened.metrics.counts, { 'parcelAccepted cargo gateway': 1 });
  });

  it('is content with an empty cargo', async () => {
    await using setting = await Setting.open();
    await setting.unpack([]);
    assert.deepEqual(await setting.opened.keys(CARGO_PREFIX), []);
    assert.deepEqual(setting.opened.metrics.counts, {});
  });

  it('takes 100 000 items, letting others have their turn', async () => {
    await using setting = await Setting.open();
    const items = Array.from({ length: 99_999 }, () => Buffer.alloc(2));
    let turns = 0;
    const tick = () => {
      turns++;
      timer = setImmediate(tick);
    };
    const key = await setting.store(
      await setting.pack([...items, await setting.opened.gatewayBound()]),
    );
    let timer = setImmediate(tick);
    await setting.handle(key);
    clearImmediate(timer);
    assert.ok(turns > 1_000, `${turns} turns`);
    assert.equal((await setting.opened.held(setting.opened.phone)).length, 1);
  });

  it('sets a cargo of more items aside, once it took in the first 100 000', async () => {
    await using setting = await Setting.open();
    const items = Array.from({ length: 100_000 }, () => Buffer.alloc(0));
    const cargo = await setting.pack([await setting.opened.gatewayBound(), ...items]);
    const key = await setting.store(cargo);
    await assert.rejects(setting.handle(key), { code: 'POISON_JOB' });
    assert.equal((await setting.opened.held(setting.opened.phone)).length, 1);
  });

  it('refuses an item that is larger than a parcel may be', async () => {
    await using setting = await Setting.open();
    const oversized = Buffer.alloc(8_322_037 + 1);
    oversized.write('Awala\x50\x00', 'latin1');
    const plaintext = messageSetDer([oversized]);
    const recipientKey = await setting.opened.gateway.sessionKeys.initialKey();
    const envelope = encryptForSession(plaintext, {
      recipientKey,
      senderKey: generateSessionKey(),
    });
    await setting.handle(await setting.store(await setting.packPayload(envelope)));
    assert.deepEqual(setting.opened.metrics.counts, { 'parcelRefused cargo malformed': 1 });
  });

  describe('that was taken in before', () => {
    it('does nothing with parcels that came in another cargo', async () => {
      await using setting = await Setting.open();
      const { opened } = setting;
      const parcels = [await opened.gatewayBound(), await opened.internetBound()];
      await setting.unpack(parcels);
      await emptyStore(opened);
      await setting.unpack(parcels);
      assert.deepEqual(await opened.held(opened.phone), []);
      assert.deepEqual(await opened.outbox(), []);
    });

    it('acknowledges, but does not forward, a parcel that came by PoWeb before', async () => {
      await using setting = await Setting.open();
      const { opened } = setting;
      const { intake, ledger } = opened.gateway;
      const privateGateway = opened.phone.nodeId;
      const parcel = await opened.internetBound({ id: 'one' });
      const accept = (road: 'poweb' | 'cargo') =>
        intake.acceptFromPrivateGateway(intake.read(parcel), { privateGateway, road });
      assert.equal((await accept('poweb')).isDuplicate, false);
      assert.deepEqual(await Array.fromAsync(ledger.list(privateGateway)), []);
      await emptyStore(opened);
      await setting.unpack([parcel]);
      assert.deepEqual(await opened.outbox(), []);
      const entries = await Array.fromAsync(ledger.list(privateGateway));
      assert.deepEqual(
        entries.map(({ parcelId }) => parcelId),
        ['one'],
      );
      assert.equal((await accept('poweb')).isDuplicate, true);
      assert.equal((await Array.fromAsync(ledger.list(privateGateway))).length, 1);
    });

    it('tells private gateways apart', async () => {
      await using setting = await Setting.open();
      const { opened } = setting;
      const parcel = await opened.gatewayBound();
      await setting.unpack([parcel], opened.otherPhone);
      await emptyStore(opened);
      await setting.unpack([parcel], opened.phone);
      assert.equal((await opened.held(opened.phone)).length, 1);
    });

    it('takes a parcel in again that was stored but not recorded', async () => {
      await using setting = await Setting.open();
      const { opened } = setting;
      const key = await setting.store(await setting.pack([await opened.gatewayBound()]));
      opened.beforeRecords = ({ method, kind }) => {
        if (method === 'set' && kind === 'collected-parcel') {
          throw new BackingUnavailableError('record-store', 'down');
        }
      };
      await assert.rejects(setting.handle(key), { code: 'RETRY_LATER' });
      assert.equal((await opened.held(opened.phone)).length, 1);
      opened.beforeRecords = () => {};
      await setting.handle(key);
      const { ledger } = opened.gateway;
      assert.equal((await Array.fromAsync(ledger.list(opened.phone.nodeId))).length, 1);
      assert.equal((await opened.held(opened.phone)).length, 1);
    });
  });

  describe('that cannot be decrypted sets it aside', () => {
    it('when the session key is unknown', async () => {
      await using setting = await Setting.open();
      const { phone, us, clock } = setting.opened;
      const cargo = await cargoFrom(phone, {
        messages: [],
        recipient: { id: us.nodeId },
        recipientKey: generateSessionKey(),
        createdAt: clock.now(),
      });
      await setting.assertSetAside(cargo, 'decryption');
    });

    it("when the session key is another private gateway's", async () => {
      await using setting = await Setting.open();
      const { phone, otherPhone, us, clock, gateway } = setting.opened;
      const recipientKey = await gateway.sessionKeys.createFor(otherPhone.nodeId, 'prime256v1');
      const fields = {
        messages: [],
        recipient: { id: us.nodeId },
        recipientKey,
        createdAt: clock.now(),
      };
      await setting.assertSetAside(await cargoFrom(phone, fields), 'decryption');
      await setting.handle(await setting.store(await cargoFrom(otherPhone, fields), otherPhone));
    });

    it('when its payload is not encrypted at all', async () => {
      await using setting = await Setting.open();
      await setting.assertSetAside(await setting.packPayload(Buffer.from('secret')), 'malformed');
    });

    for (const cipher of ['aes-128-cbc', 'aes-256-gcm'] as const) {
      it(`when its ciphertext is not what the sender encrypted (${cipher})`, async () => {
        await using setting = await Setting.open();
        const recipientKey = await setting.opened.gateway.sessionKeys.initialKey();
        const parcel = await setting.opened.gatewayBound();
        const envelope = encryptForSession(messageSetDer([parcel]), {
          recipientKey,
          senderKey: generateSessionKey(),
          cipher,
        });
        // What follows the ciphertext is the originator's key id.
        const last = envelope.length - 40;
        envelope[last] = (envelope[last] ?? 0) ^ 1;
        await setting.assertSetAside(await setting.packPayload(envelope), 'decryption');
      });
    }

    it('when what is inside is no set of messages', async () => {
      await using setting = await Setting.open();
      const recipientKey = await setting.opened.gateway.sessionKeys.initialKey();
      const keys = { recipientKey, senderKey: generateSessionKey() };
      const envelope = encryptForSession(Buffer.from('nothing'), keys);
      await setting.assertSetAside(await setting.packPayload(envelope), 'malformed');
    });

    it('when it is stored under the name of somebody else', async () => {
      await using setting = await Setting.open();
      const { otherPhone, phone } = setting.opened;
      const cargo = await setting.pack([], { from: phone });
      await setting.assertSetAside(cargo, 'certificate', otherPhone);
    });

    it('when the key is not that of a cargo', async () => {
      await using setting = await Setting.open();
      for (const key of ['parcels/gateway-bound/x', 'cargo/x/y', 'cargo']) {
        await assert.rejects(setting.handle(key), { code: 'POISON_JOB' });
      }
    });
  });

  it('is refused at the door from a sender that was never registered', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    const foreign = await internetGateway('foreign', opened.validity);
    const stranger = await privateGateway('stranger', foreign, opened.validity);
    const cargo = await setting.pack([await opened.gatewayBound()], { from: stranger });
    const intake = new CargoIntake({ ...opened, ...opened.gateway });
    assert.partialDeepStrictEqual(await intake.accept(cargo), { outcome: 'refused' });
    assert.deepEqual(await opened.keys(CARGO_PREFIX), []);
  });

  for (const call of ['get', 'put', 'delete'] as const) {
    it(`comes again when the object store fails to ${call}, and does not do anything twice`, async () => {
      await using setting = await Setting.open();
      const { opened } = setting;
      const parcels = [await opened.gatewayBound(), await opened.internetBound()];
      const key = await setting.store(await setting.pack(parcels));
      opened.beforeObjects = ({ method }) => {
        if (method === call) {
          throw new BackingUnavailableError('object-store', 'down');
        }
      };
      await assert.rejects(setting.handle(key), { code: 'RETRY_LATER' });
      opened.beforeObjects = () => {};
      await setting.handle(key);
      assert.deepEqual(opened.metrics.counts, {
        'parcelAccepted cargo gateway': 1,
        'parcelAccepted cargo internet': 1,
      });
      assert.deepEqual(await opened.keys(CARGO_PREFIX), []);
    });
  }

  it('comes again when the same cargo was stored anew meanwhile', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    const cargo = await setting.pack([await opened.gatewayBound()]);
    const key = await setting.store(cargo);
    opened.beforeObjects = ({ method }) => {
      if (method === 'put') {
        opened.beforeObjects = () => {};
        void setting.store(cargo);
      }
    };
    await assert.rejects(setting.handle(key), { code: 'RETRY_LATER' });
    await setting.handle(key);
    assert.equal(opened.metrics.counts['parcelAccepted cargo gateway'], 1);
    assert.deepEqual(await opened.keys(CARGO_PREFIX), []);
  });

  it('stops between items when its time is over', async () => {
    await using setting = await Setting.open();
    const key = await setting.store(await setting.pack([await setting.opened.gatewayBound()]));
    const aborter = new AbortController();
    const reason = new Error('closing');
    aborter.abort(reason);
    await assert.rejects(setting.handle(key, aborter.signal), reason);
    assert.deepEqual(await setting.opened.keys(CARGO_PREFIX), [key]);
  });

  it('drops a cargo that expired before it was its turn', async () => {
    await using setting = await Setting.open();
    const key = await setting.store(await setting.pack([await setting.opened.gatewayBound()]));
    setting.opened.clock.advance(3_600_000);
    await setting.handle(key);
    assert.deepEqual(await setting.opened.keys(''), []);
    assert.deepEqual(setting.opened.metrics.counts, { 'expired cargo': 1 });
  });
});

describe('Accepting a parcel by PoWeb', () => {
  it('costs the record store nothing if it is for a private endpoint, else a read and a write', async () => {
    await using opened = await OpenedGateway.open();
    const { intake } = opened.gateway;
    const courier = { privateGateway: opened.phone.nodeId, road: 'poweb' } as const;
    const before = opened.recordCalls;
    await intake.acceptFromPrivateGateway(intake.read(await opened.gatewayBound()), courier);
    assert.equal(opened.recordCalls - before, 0);
    await intake.acceptFromPrivateGateway(intake.read(await opened.internetBound()), courier);
    assert.equal(opened.recordCalls - before, 2);
  });
});

/** As if all had been collected, delivered or lost. */
async function emptyStore(opened: OpenedGateway): Promise<void> {
  for (const key of await opened.keys('parcels/')) {
    await opened.objects.delete(key);
  }
}
