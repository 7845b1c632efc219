import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Client, PatientCollector } from '#test/peers/patient-collector.ts';
import { SimulatedGateway } from './simulated-gateway.ts';
import type { LinkForm } from './simulated-link.ts';

/** The largest parcel last, behind what the others left in the queues. */
const LARGE_PARCELS = [1_500_000, 5_000_000, 8_000_000];
const SMALL_PARCELS = Array.from({ length: 30 }, () => 64_000);
const RATES = { '100 kbit/s': 100e3, '1 Mbit/s': 1e6, '10 Mbit/s': 10e6, '100 Mbit/s': 100e6 };
const ROUND_TRIPS_MS = [20, 200, 800];
const CLIENTS: readonly Client[] = ['android', 'javascript'];

/** What a ping of Android's may wait, which gives up at 5 s. */
const MOST_PONG_MS = 3_000;
/** Of the link's rate, once it is known. */
const SHARE_USED = 0.8;
/** From this rate on, in bits per second. */
const LEAST_RATE_TO_USE = 1e6;
/** What is under way at first, and at most in octets and in time. */
const FIRST_OCTETS = 16 * 1024;
const MOST_OCTETS = 8 * 1024 * 1024;
const MOST_DELAY_S = 2.5;
/** Connecting, upgrading, the challenge and its answer, and an acknowledgement before each next parcel. */
const OTHER_ROUND_TRIPS = 4 + LARGE_PARCELS.length;

for (const client of CLIENTS) {
  describe(`Parcels for a collector as patient as the ${client} client`, () => {
    for (const [rate, bitsPerSecond] of Object.entries(RATES)) {
      for (const roundTripMs of ROUND_TRIPS_MS) {
        const form = { bitsPerSecond, roundTripMs };

        it(`arrive on the first connection at ${rate}, ${roundTripMs} ms, when large`, async () => {
          const { collector, tookMs } = await collect(form, client, LARGE_PARCELS);
          assert.ok(collector.longestPongMs <= MOST_PONG_MS, `${collector.longestPongMs} ms`);
          if (bitsPerSecond >= LEAST_RATE_TO_USE) {
            assert.ok(tookMs <= longestMs(form), `took ${tookMs} ms`);
          }
        });
      }
    }

    it('arrive on the first connection at 100 kbit/s, when many and small', async () => {
      const form = { bitsPerSecond: 100e3, roundTripMs: 200 };
      const { collector } = await collect(form, client, SMALL_PARCELS);
      assert.ok(collector.longestPongMs <= MOST_PONG_MS, `${collector.longestPongMs} ms`);
    });

    it('arrive on the first connection at 100 kbit/s, when the link lets 64 KB pass at once', async () => {
      const form = { bitsPerSecond: 100e3, roundTripMs: 200, burstOctets: 64_000 };
      const { collector } = await collect(form, client, [1_500_000]);
      assert.ok(collector.longestPongMs <= MOST_PONG_MS, `${collector.longestPongMs} ms`);
    });

    it('arrive although the link falls to a quarter of its rate meanwhile', async () => {
      const form = { bitsPerSecond: 4e6, roundTripMs: 100 };
      const gateway = await SimulatedGateway.start();
      await gateway.hold(LARGE_PARCELS);
      const collector = gateway.connect(form, client);
      gateway.clock.schedule(12_500, () => gateway.changeRate(1e6));
      await gateway.until(() => isOver(collector, LARGE_PARCELS));
      assert.equal(collector.ended, null);
    });
  });
}

async function collect(form: LinkForm, client: Client, sizes: readonly number[]) {
  const gateway = await SimulatedGateway.start();
  await gateway.hold(sizes);
  const startMs = gateway.clock.now().getTime();
  const collector = gateway.connect(form, client);
  await gateway.until(() => isOver(collector, sizes));
  assert.equal(collector.ended, null);
  const tookMs = gateway.clock.now().getTime() - startMs;
  return { collector, tookMs };
}

function isOver(collector: PatientCollector, sizes: readonly number[]): boolean {
  return collector.arrivals.length === sizes.length || collector.ended !== null;
}

/** What is under way doubles with each round trip until the link is full, which TCP would need as well. */
function longestMs({ bitsPerSecond, roundTripMs }: LinkForm): number {
  const octetsPerS = bitsPerSecond / 8;
  const octets = LARGE_PARCELS.reduce((sum, size) => sum + size, 0);
  const fullOctets = Math.min(octetsPerS * MOST_DELAY_S, MOST_OCTETS);
  const roundTrips = Math.log2(fullOctets / FIRST_OCTETS) + OTHER_ROUND_TRIPS;
  return ((octets / octetsPerS) * 1_000) / SHARE_USED + roundTrips * roundTripMs;
}
