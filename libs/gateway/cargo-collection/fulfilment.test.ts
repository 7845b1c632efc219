import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { type RecordFields, recordKind } from '#record-store/port.ts';
import { internetGateway, privateGateway, validAround } from '#test/builders/peers.ts';
import type { CargoAuthorization } from './cargo-authorizer.ts';
import { parcelPlace, parcelSegment, rotationPlace, START } from './collection-progress.ts';
import { type Fulfilment, Fulfilments } from './fulfilment.ts';

type FieldsOfFormer = RecordFields & { readonly progress: string };

const DAY_MS = 86_400_000;
const never = new AbortController().signal;

describe('Fulfilments', () => {
  let clock: ManualClock;
  let records: InMemoryRecordStore;
  let fulfilments: Fulfilments;
  let cca: CargoAuthorization;
  /** What the record store shall do once it has done what it was asked. */
  let afterWrite: () => void;

  beforeEach(async () => {
    clock = new ManualClock();
    afterWrite = () => {};
    records = new InMemoryRecordStore({
      clock,
      after: ({ method }) => {
        if (method === 'set') {
          afterWrite();
        }
      },
    });
    fulfilments = new Fulfilments({ records, clock });
    const validity = validAround(clock.now());
    const gateway = await internetGateway('gateway', validity);
    const phone = await privateGateway('phone', gateway, validity);
    cca = {
      peer: phone.nodeId,
      peerCertificate: phone.certificate,
      cargoDeliveryAuthorization: phone.certificate,
      rotationForms: ['octet-strings'],
      ccaId: 'id',
      expiresAt: new Date(clock.now().getTime() + DAY_MS),
    };
  });

  /** Begins while time passes, which whoever waits needs. */
  async function begin(which: CargoAuthorization = cca): Promise<Fulfilment> {
    let isOver = false;
    const begun = fulfilments.begin(which, never).finally(() => {
      isOver = true;
    });
    begun.catch(() => {});
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(isOver ? 0 : 50);
    }
    return begun;
  }

  it('lets another call go on under a lease that a clock gave which was a year ahead', async () => {
    const now = clock.now();
    clock.set(new Date(now.getTime() + 365 * DAY_MS));
    const lived = { ...cca, expiresAt: new Date(clock.now().getTime() + DAY_MS) };
    await begin(lived);
    clock.set(now);
    assert.ok(await begin(lived));
  });

  it('resumes with what was stored', async () => {
    const first = await begin();
    first.progress.add({ after: START, upTo: parcelPlace(0, 'a') });
    first.cargoOctets = 1_234;
    first.reach.failed(900_000);
    first.sessionKeyId = Uint8Array.of(1, 2, 3);
    await first.release();
    const second = await begin();
    assert.equal(second.progress.behind(parcelSegment(0)), 'a');
    assert.equal(second.cargoOctets, 1_234);
    assert.deepEqual(second.reach.state, { octets: 900_000, calls: 1 });
    assert.deepEqual([...second.sessionKeyId], [1, 2, 3]);
  });

  it('resumes with what the version before stored, except for parcels', async () => {
    await (await begin()).release();
    const former = recordKind<FieldsOfFormer>('cca-fulfilment');
    const [stored] = await Array.fromAsync(records.list(former, ''));
    assert.ok(stored);
    const { vainOctets: _, vainCalls: __, ...fields } = { ...stored.fields };
    const progress = JSON.stringify([['', '2/parcels/gateway-bound/0a/0b/0c/ff']]);
    const { id, version } = stored;
    const written = { ...fields, progress, cargoOctets: 1_234 };
    assert.ok(
      await records.set(former, id, written, { expiresAt: cca.expiresAt, ifVersion: version }),
    );
    const next = await begin();
    assert.equal(next.cargoOctets, 1_234);
    assert.deepEqual(next.reach.state, { octets: 0, calls: 0 });
    assert.ok(next.progress.covers(rotationPlace('certificates')));
    assert.ok(!next.progress.covers(parcelPlace(0, 'parcels/gateway-bound/0a/0b/0c/01')));
    await next.complete();
  });

  it('refuses a CCA that was fulfilled, until it expires', async () => {
    await (await begin()).complete();
    await assert.rejects(begin(), { code: 'cca-fulfilled' });
    clock.advance(DAY_MS);
    await assert.rejects(begin(), { code: 'cca-fulfilled' });
  });

  it('tells CCAs apart by their sender and id', async () => {
    await (await begin()).complete();
    await begin({ ...cca, ccaId: 'another' });
    await begin({ ...cca, peer: `0${'a'.repeat(64)}` });
  });

  it('lets one call at a time have a CCA', async () => {
    await begin();
    await assert.rejects(begin(), { code: 'cca-in-use' });
  });

  it('lets one of many that begin at once have it', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => fulfilments.begin(cca, AbortSignal.abort(new Error('no')))),
    );
    assert.equal(attempts.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('waits for the call before it to let go', async () => {
    const first = await begin();
    const second = begin();
    await first.release();
    assert.ok(await second);
  });

  it('takes over from a call that died, once its lease is over', async () => {
    const dead = await begin();
    dead.progress.add({ after: START, upTo: parcelPlace(0, 'a') });
    await dead.checkpoint();
    clock.advance(10_001);
    const next = await begin();
    assert.equal(next.progress.behind(parcelSegment(0)), 'a');
    await assert.rejects(dead.checkpoint(), { code: 'cca-in-use' });
    await assert.rejects(dead.complete(), { code: 'cca-in-use' });
    await next.complete();
  });

  it('keeps a lease that is renewed', async () => {
    const first = await begin();
    for (let renewal = 0; renewal < 5; renewal++) {
      clock.advance(8_000);
      await first.checkpoint();
    }
    await assert.rejects(begin(), { code: 'cca-in-use' });
    await first.complete();
  });

  it('goes on after a write whose answer was lost', async () => {
    const first = await begin();
    afterWrite = () => {
      afterWrite = () => {};
      throw new BackingUnavailableError('record-store', 'the answer was lost');
    };
    await assert.rejects(first.checkpoint(), BackingUnavailableError);
    await first.release();
    await (await begin()).complete();
  });

  it('ends the wait with the signal', async () => {
    await begin();
    const gone = new AbortController();
    const waiting = fulfilments.begin(cca, gone.signal);
    waiting.catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
    gone.abort(new Error('the courier hung up'));
    await assert.rejects(waiting, /the courier hung up/);
  });
});
