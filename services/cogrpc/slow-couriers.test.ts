import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { base64, messagesOf } from '#test/cogrpc/collected.ts';
import { holdParcels, type OpenedCogrpc, openCogrpc } from '#test/cogrpc/opened-cogrpc.ts';
import { collectSlowly, type Link } from '#test/cogrpc/slow-link.ts';
import { RecordedLog, RecordedMetrics } from '#test/end-to-end/workers/recorded.ts';
import { CargoPhone } from '#test/peers/cargo-phone.ts';
import { Courier, LIKE_ANDROID } from '#test/peers/courier.ts';

const MEGABIT = 125_000;
const DAY_MS = 86_400_000;

/** A gateway on a clock of its own, and a courier of the kind over a link of that rate. */
async function open(octetsPerSecond: number, deadlineMs: number, pcas = 0) {
  const clock = new ManualClock(new Date());
  const metrics = new RecordedMetrics();
  const log = new RecordedLog();
  const acceptedParcels = {
    async *list(_: string, { startAfter = '' }: { startAfter?: string } = {}) {
      for (let index = 0; index < pcas; index++) {
        const place = String(index).padStart(6, '0');
        const ack = { senderId: 'a', recipientId: 'b', parcelId: place };
        if (place > startAfter) {
          yield { ...ack, expiresAt: new Date(clock.now().getTime() + DAY_MS), place };
        }
      }
    },
  };
  const opened = await openCogrpc({ clock, metrics, log, acceptedParcels });
  const phone = await CargoPhone.register(opened);
  const link: Link = { clock, octetsPerSecond, latencyMs: 100, deadlineMs };
  return { opened, phone, link, metrics, log };
}

/** Calls until the CCA is used up. @returns what came, call by call */
async function callsUntilEnd(
  opened: OpenedCogrpc,
  phone: CargoPhone,
  link: Link,
  afterCall: (calls: number) => Promise<void> = async () => {},
): Promise<string[][]> {
  using courier = new Courier(opened.port, LIKE_ANDROID);
  const cca = await phone.cca();
  const calls: string[][] = [];
  for (let code: number = status.UNKNOWN; code !== status.OK && calls.length < 40; ) {
    const { deliveries, end } = await collectSlowly(courier, cca, link);
    calls.push(
      base64(
        messagesOf(
          phone,
          deliveries.map(({ cargo }) => cargo),
        ),
      ),
    );
    code = end.code;
    await afterCall(calls.length);
  }
  return calls;
}

function bringing(calls: readonly string[][]): number[] {
  return calls.map((parcels) => parcels.length);
}

describe('Over a slow link', () => {
  for (const deadlineMs of [3_000, 5_000]) {
    it(`a large parcel holds up no small ones in calls of ${deadlineMs / 1_000} s, nor the CCA’s end`, async () => {
      const { opened, phone, link, metrics, log } = await open(MEGABIT, deadlineMs);
      await using _ = opened;
      await holdParcels(opened, phone.peer, { count: 1, octets: 900_000 });
      const small = await holdParcels(opened, phone.peer, { count: 4, octets: 8_000 });
      const calls = await callsUntilEnd(opened, phone, link);
      assert.deepEqual(new Set(calls[0]), small);
      // It is tried three times, alone.
      assert.deepEqual(bringing(calls), [4, 0, 0, 0, 0]);
      assert.deepEqual(metrics.counts['parcelsLeftByCourier too-slow'], 1);
      const left = log.lines.find(({ message }) => message.startsWith('a courier cannot carry'));
      assert.deepEqual(
        [left?.reason, left?.parcels, left?.largestOctets],
        ['too-slow', 1, 900_000],
      );
    });
  }

  it('what fits into one call comes, though larger parcels are held', async () => {
    const { opened, phone, link } = await open(MEGABIT, 5_000);
    await using _ = opened;
    await holdParcels(opened, phone.peer, { count: 5, octets: 1_500_000 });
    const fitting = await holdParcels(opened, phone.peer, { count: 3, octets: 400_000 });
    const calls = await callsUntilEnd(opened, phone, link);
    assert.deepEqual(new Set(calls.flat()), fitting);
    assert.equal(calls.flat().length, fitting.size);
  });

  it('a parcel that a call can bring comes, though one of the same class before it cannot', async () => {
    const { opened, phone, link } = await open(MEGABIT, 3_000);
    await using _ = opened;
    const fitting = new Set<string>();
    for (let index = 0; index < 4; index++) {
      await holdParcels(opened, phone.peer, { count: 1, octets: 500_000 });
      const held = await holdParcels(opened, phone.peer, { count: 1, octets: 280_000 });
      held.forEach((parcel) => void fitting.add(parcel));
    }
    const calls = await callsUntilEnd(opened, phone, link);
    assert.deepEqual(new Set(calls.flat()), fitting);
  });

  it('acknowledgements come before a parcel that had a call in vain has another', async () => {
    const { opened, phone, link } = await open(MEGABIT, 5_000, 10);
    await using _ = opened;
    await holdParcels(opened, phone.peer, { count: 1, octets: 900_000 });
    const calls = await callsUntilEnd(opened, phone, link);
    assert.deepEqual(bringing(calls), [0, 10, 0, 0, 0]);
  });

  it('that only has a long way, large parcels come in the same call as small ones', async () => {
    const { opened, phone, link } = await open(100 * MEGABIT, 5_000);
    await using _ = opened;
    const small = await holdParcels(opened, phone.peer, { count: 3, octets: 1_000 });
    const large = await holdParcels(opened, phone.peer, { count: 3, octets: 900_000 });
    const calls = await callsUntilEnd(opened, phone, { ...link, latencyMs: 400 });
    assert.deepEqual(
      calls.map((parcels) => new Set(parcels)),
      [small.union(large)],
    );
  });

  it('of 100 kbit/s, small parcels come in calls of 3 s', async () => {
    const { opened, phone, link } = await open(MEGABIT / 10, 3_000);
    await using _ = opened;
    const held = await holdParcels(opened, phone.peer, { count: 12, octets: 6_000 });
    const calls = await callsUntilEnd(opened, phone, link);
    assert.deepEqual(new Set(calls.flat()), held);
    assert.equal(calls.flat().length, held.size);
  });
});
