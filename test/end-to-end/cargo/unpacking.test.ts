import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { serialisePca } from '#awala/cargo/pca.ts';
import { encryptForSession } from '#awala/cms/enveloped-data-writer.ts';
import { generateSessionKey } from '#awala/sessions/session-key.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { CARGO_PREFIX } from '#gateway/held/object-keys.ts';
import { endpoint, internetGateway, type Peer, privateGateway } from '#test/builders/peers.ts';
import { until } from '#test/runtime/until.ts';
import { OpenedGateway } from '../workers/opened-gateway.ts';
import { UnpackingSetting as Setting } from './unpacking-setting.ts';

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

  it('records accepted parcels for the private gateway that sent the cargo', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    await setting.unpack(
      [await opened.gatewayBound({ id: 'held' }), await opened.internetBound({ id: 'sent' })],
      opened.otherPhone,
    );
    const { acceptedParcels } = opened.gateway;
    const entries = await Array.fromAsync(acceptedParcels.list(opened.otherPhone.nodeId));
    assert.deepEqual(entries.map(({ parcelId }) => parcelId).sort(), ['held', 'sent']);
    assert.deepEqual(await Array.fromAsync(acceptedParcels.list(opened.phone.nodeId)), []);
    opened.clock.advance(3_600_000);
    assert.deepEqual(await Array.fromAsync(acceptedParcels.list(opened.otherPhone.nodeId)), []);
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

  it('takes in parcels while an acknowledgement in the same cargo takes its time', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    await setting.unpack([await opened.gatewayBound({ id: 'one' })]);
    const deleting = Promise.withResolvers<void>();
    opened.beforeObjects = ({ method }) => (method === 'delete' ? deleting.promise : undefined);
    const pca = pcaOf(opened.sender, opened.recipient, 'one');
    const cargo = [await opened.gatewayBound({ id: 'two' }), pca];
    const unpacked = setting.unpack(cargo, opened.phone);
    const { acceptedParcels } = opened.gateway;
    const accepted = () => Array.fromAsync(acceptedParcels.list(opened.phone.nodeId));
    await until(async () => (await accepted()).some(({ parcelId }) => parcelId === 'two'));
    deleting.resolve();
    await unpacked;
  });

  it('keeps the one made last of parcels with the same ids, in whatever order they come', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    const nowMs = opened.clock.now().getTime();
    const older = await opened.gatewayBound({ id: 'one', createdAt: new Date(nowMs - 60_000) });
    const newer = await opened.gatewayBound({ id: 'one' });
    await setting.unpack([newer, older, newer, older]);
    const [held = ''] = await opened.held(opened.phone);
    assert.deepEqual((await opened.objects.get(held))?.body, newer);
    assert.equal(opened.metrics.counts['parcelAccepted cargo gateway'], 1);
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

  it('takes in what another private gateway brought before', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    const parcel = await opened.gatewayBound();
    await setting.unpack([parcel], opened.otherPhone);
    await emptyStore(opened);
    await setting.unpack([parcel], opened.phone);
    assert.equal((await opened.held(opened.phone)).length, 1);
  });

  it('looks its parcels up at one time, and records them at one time, however long each takes', async () => {
    await using setting = await Setting.open();
    const { opened } = setting;
    const parcels = await Promise.all([1, 2, 3, 4].map(() => opened.gatewayBound()));
    const key = await setting.store(await setting.pack(parcels));
    const calls: string[] = [];
    const answers: (() => void)[] = [];
    opened.beforeRecords = ({ method, kind }) => {
      if (kind !== 'collected-parcel') {
        return undefined;
      }
      calls.push(method);
      return method === 'get' ? new Promise((resolve) => answers.push(resolve)) : undefined;
    };
    const handled = setting.handle(key);
    await until(() => answers.length === 4);
    for (const answer of answers) {
      assert.deepEqual(calls, ['get', 'get', 'get', 'get']);
      answer();
      await turn();
    }
    await handled;
    assert.deepEqual(calls.slice(4), ['set', 'set', 'set', 'set']);
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
    const { acceptedParcels } = opened.gateway;
    assert.equal((await Array.fromAsync(acceptedParcels.list(opened.phone.nodeId))).length, 1);
    assert.equal((await opened.held(opened.phone)).length, 1);
  });

  it('that is empty, in whatever way, is done with', async () => {
    await using setting = await Setting.open();
    const { gateway, phone } = setting.opened;
    const recipientKey = await gateway.sessionKeys.registrationKey(phone.nodeId);
    const keys = { recipientKey, senderKey: generateSessionKey() };
    const nothing = new Uint8Array();
    for (const payload of [nothing, encryptForSession(nothing, keys)]) {
      await setting.handle(await setting.store(await setting.packPayload(payload)));
    }
    await setting.unpack([]);
    assert.deepEqual(setting.opened.metrics.counts, { emptyCargo: 3 });
    assert.deepEqual(await setting.opened.keys(CARGO_PREFIX), []);
  });

  describe('that is not what its key says, or holds something else, sets it aside', () => {
    it('when what is inside is no set of messages', async () => {
      await using setting = await Setting.open();
      const { gateway, phone } = setting.opened;
      const recipientKey = await gateway.sessionKeys.registrationKey(phone.nodeId);
      const keys = { recipientKey, senderKey: generateSessionKey() };
      const envelope = encryptForSession(Buffer.from('nothing'), keys);
      await setting.assertSetAside(await setting.packPayload(envelope), 'decryption');
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
    const from = {
      privateGateway: opened.phone.nodeId,
      isEstablished: false,
      road: 'poweb',
    } as const;
    const before = opened.recordCalls;
    await intake.acceptFromPrivateGateway(intake.read(await opened.gatewayBound()), from);
    assert.equal(opened.recordCalls - before, 0);
    await intake.acceptFromPrivateGateway(intake.read(await opened.internetBound()), from);
    assert.equal(opened.recordCalls - before, 2);
  });
});

/** As if all had been collected, delivered or lost. */
async function emptyStore(opened: OpenedGateway): Promise<void> {
  for (const key of await opened.keys('parcels/')) {
    await opened.objects.delete(key);
  }
}
