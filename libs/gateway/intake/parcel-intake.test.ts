import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { OIDS } from '#awala/der/oids.ts';
import { integer, sequence } from '#awala/der/writer.ts';
import { MessageVerifier } from '#awala/message-verifier.ts';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { silentLog } from '#log/log.ts';
import { noMetrics } from '#metrics/port.ts';
import { InMemoryObjectStore } from '#object-store/in-memory.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { InProcessSignals } from '#signals/in-process/signals.ts';
import { counted, heldShares } from '#test/builders/counted.ts';
import { extension } from '#test/builders/crafted-certificates.ts';
import { ParcelRoad } from '#test/builders/parcel-road.ts';
import type { Peer } from '#test/builders/peers.ts';
import { AcceptedParcels } from '../held/accepted-parcels.ts';
import { Mailbox } from '../held/mailbox.ts';
import { ParcelIntake } from './parcel-intake.ts';

const outbox = { store: () => Promise.reject(new Error('nothing is bound for the Internet')) };

describe('what a sender may deliver only so often', () => {
  const clock = new ManualClock();
  let road: ParcelRoad;
  let sender: Peer;

  before(async () => {
    road = await ParcelRoad.at(clock.now());
    const onePerMinute = sequence(integer(1), integer(60));
    const moreExtensions = [extension(OIDS.deliveryRateLimit, false, onePerMinute)];
    sender = road.withCertificate(road.sender, { moreExtensions }, road.recipient);
  });

  function opened() {
    const state = { isStoreDown: false, areRecordsDown: false };
    const records = new InMemoryRecordStore({
      clock,
      before: ({ method }) => {
        if (state.areRecordsDown && method !== 'get') {
          throw new BackingUnavailableError('record-store', 'down');
        }
      },
    });
    const objects = new InMemoryObjectStore({
      before: () => {
        if (state.isStoreDown) {
          throw new BackingUnavailableError('object-store', 'down');
        }
      },
    });
    const parts = { clock, objects, signals: new InProcessSignals({ log: silentLog }) };
    const mailbox = new Mailbox(parts);
    const intake = new ParcelIntake({
      verifier: new MessageVerifier(),
      identity: { trustedCertificates: async () => [road.us.certificate] },
      mailbox,
      outbox,
      acceptedParcels: new AcceptedParcels({ clock, records }),
      heldShares: heldShares({ objects, clock, metrics: noMetrics }),
      ...counted(clock),
      internetAddress: 'gateway.example',
      clock,
      metrics: noMetrics,
    });
    const accept = (id: string) => intake.acceptFromInternet(intake.read(parcel(id)));
    const held = () => Array.fromAsync(mailbox.list(road.phone.nodeId));
    return { state, intake, accept, held };
  }

  const parcel = (id: string) => road.parcel({ sender, id });
  const refusal = { code: 'rate-limit' };

  it('is refused past that, and not stored', async () => {
    const { accept, held } = opened();

    await accept('one');
    await assert.rejects(accept('two'), refusal);

    assert.equal((await held()).length, 1);
  });

  it('does not hold up the queue of a phone, which would stand still behind the parcel', async () => {
    const { intake, held } = opened();
    const from = {
      privateGateway: road.phone.nodeId,
      isEstablished: false,
      road: 'poweb',
    } as const;
    for (const id of ['one', 'two']) {
      await intake.acceptFromPrivateGateway(intake.read(parcel(id)), from);
    }
    assert.equal((await held()).length, 2);
  });

  it('is not used up by what could not be stored', async () => {
    const { state, accept } = opened();
    state.isStoreDown = true;
    await assert.rejects(accept('one'), BackingUnavailableError);

    state.isStoreDown = false;

    await accept('one');
  });

  it('is not used up by what could not be recorded', async () => {
    const { state, intake } = opened();
    const from = {
      privateGateway: road.phone.nodeId,
      isEstablished: false,
      road: 'cargo',
    } as const;
    const bring = () => intake.acceptFromPrivateGateway(intake.read(parcel('one')), from);
    state.areRecordsDown = true;
    await assert.rejects(bring(), BackingUnavailableError);
    await assert.rejects(bring(), BackingUnavailableError);

    state.areRecordsDown = false;

    assert.equal((await bring()).isDuplicate, false);
  });

  it('is not used up by what a courier brings again', async () => {
    const { intake } = opened();
    const from = {
      privateGateway: road.phone.nodeId,
      isEstablished: false,
      road: 'cargo',
    } as const;
    const bring = (id: string) => intake.acceptFromPrivateGateway(intake.read(parcel(id)), from);

    assert.equal((await bring('one')).isDuplicate, false);
    assert.equal((await bring('one')).isDuplicate, true);
    await assert.rejects(bring('two'), refusal);
  });
});

describe('another parcel under a used id', () => {
  it('is accepted after one that came dated ahead while our clock was ahead, too', async () => {
    const clock = new ManualClock();
    const road = await ParcelRoad.at(clock.now());
    const stored = { clock, objects: new InMemoryObjectStore({ clock }) };
    const signals = new InProcessSignals({ log: silentLog });
    const intake = new ParcelIntake({
      verifier: new MessageVerifier(),
      identity: { trustedCertificates: async () => [road.us.certificate] },
      mailbox: new Mailbox({ ...stored, signals }),
      outbox,
      acceptedParcels: new AcceptedParcels({ clock, records: new InMemoryRecordStore({ clock }) }),
      heldShares: heldShares({ ...stored, metrics: noMetrics }),
      ...counted(clock),
      internetAddress: 'gateway.example',
      clock,
      metrics: noMetrics,
    });
    const from = {
      privateGateway: road.phone.nodeId,
      isEstablished: false,
      road: 'cargo',
    } as const;
    const bring = async (seconds: number, payload: string) => {
      const createdAt = road.secondsFromNow(seconds);
      const template = { id: 'used', createdAt, ttlSeconds: 86_400, payload: Buffer.from(payload) };
      const parcel = intake.read(road.parcel(template));
      return (await intake.acceptFromPrivateGateway(parcel, from)).isDuplicate;
    };
    clock.set(road.secondsFromNow(8 * 3_600));
    assert.equal(await bring(8 * 3_600, 'dated ahead'), false);
    clock.set(road.secondsFromNow(60));
    assert.equal(await bring(60, 'dated rightly'), false);
    assert.equal(await bring(30, 'made before that'), true);
  });
});
