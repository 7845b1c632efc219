import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import type { MessageTemplate } from '#test/builders/crafted-messages.ts';
import { certified, parcelOn, type Road } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { type Answer, HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { CourieredGateway } from './cargo/couriered-gateway.ts';

const DAY_SECONDS = 86_400;
const HOUR_MS = 3_600_000;
/** Until what was sent in the last hour surely counts no longer. */
const LATER_MS = HOUR_MS + HOUR_MS / 12;
/** Less than the largest message, which must pass nevertheless. */
const QUOTAS = {
  QUOTA_PARCELS_PER_HOUR: '3',
  QUOTA_PARCELS_PER_DAY: '8',
  QUOTA_CARGOES_PER_HOUR: '3',
  QUOTA_CARGOES_PER_DAY: '0',
  QUOTA_SIZE_PER_HOUR: '10MiB',
  QUOTA_SIZE_PER_DAY: '0',
  QUOTA_HELD_PARCELS: '12',
};
const MOST_HELD = Number(QUOTAS.QUOTA_HELD_PARCELS);

describe('a sender that has used up its quota', () => {
  let couriered: CourieredGateway;
  let poweb: HttpClient;
  let pohttp: HttpClient;
  let road: Road;
  let others: Road;

  beforeEach(async () => {
    couriered = await CourieredGateway.start({}, QUOTAS);
    const { gateway } = couriered;
    poweb = new HttpClient(gateway.poweb);
    pohttp = new HttpClient(gateway.pohttp);
    road = couriered.road;
    others = await gateway.road('other phone');
  });
  afterEach(async () => {
    poweb[Symbol.dispose]();
    pohttp[Symbol.dispose]();
    await couriered[Symbol.asyncDispose]();
  });

  function parcel(template: Partial<MessageTemplate> = {}, along = road): Uint8Array {
    const createdAt = couriered.gateway.clock.now();
    return parcelOn(along, { id: randomUUID(), createdAt, ttlSeconds: DAY_SECONDS, ...template });
  }

  function cargo(messages: readonly Uint8Array[] = []): Uint8Array {
    const createdAt = couriered.gateway.clock.now();
    return couriered.cargo(messages, { id: randomUUID(), createdAt, ttlSeconds: DAY_SECONDS });
  }

  async function send(octets: Uint8Array, along = road): Promise<Answer> {
    return poweb.post('/v1/parcels', await postingOf(octets, along.phone));
  }

  function post(body: Uint8Array): Promise<Answer> {
    return pohttp.post('/', { headers: { 'content-type': PARCEL_TYPE }, body });
  }

  async function thrice(deliver: () => Promise<Answer>): Promise<void> {
    for (let parcels = 0; parcels < 3; parcels++) {
      assert.equal((await deliver()).status, 202);
    }
  }

  function assertToldToComeLater({ status: code, headers }: Answer, leastSeconds = 3_000): void {
    assert.equal(code, 503);
    const seconds = Number(headers['retry-after']);
    assert.ok(seconds >= leastSeconds && seconds <= 3_600, `Retry-After: ${seconds}`);
  }

  const heldFor = ({ phone }: Road) => couriered.gateway.heldFor(phone);

  it('keeps its parcel, and may send it when an hour has passed', async () => {
    await thrice(() => send(parcel()));
    const fourth = parcel();
    const counts = await couriered.counting(async () => assertToldToComeLater(await send(fourth)));
    assert.deepEqual(counts, { 'parcelRefused poweb over-quota': 1 });
    assert.equal(await heldFor(road), 3);
    couriered.gateway.clock.advance(LATER_MS);
    assert.equal((await send(fourth)).status, 202);
    assert.equal(await heldFor(road), 4);
  });

  it('does not keep others from sending', async () => {
    await thrice(() => send(parcel()));
    assertToldToComeLater(await send(parcel()));
    assert.equal((await send(parcel({}, others), others)).status, 202);
    assert.equal((await post(parcel())).status, 202);
  });

  it('waits for the day to pass, if it sent as much as it may in a day', async () => {
    for (let parcels = 0; parcels < 8; parcels++) {
      couriered.gateway.clock.advance(LATER_MS / 2);
      assert.equal((await send(parcel())).status, 202);
    }
    couriered.gateway.clock.advance(LATER_MS);
    assertToldToComeLater(await send(parcel()), 3_600);
    couriered.gateway.clock.advance(24 * LATER_MS);
    assert.equal((await send(parcel())).status, 202);
  });

  it('may repeat what it has sent, at no cost', async () => {
    const first = parcel();
    await thrice(() => send(first));
    await thrice(() => send(first));
    assert.equal((await send(parcel())).status, 202);
    assert.equal((await send(parcel())).status, 202);
    assertToldToComeLater(await send(parcel()));
    assert.equal((await send(first)).status, 202);
  });

  it('has used it up by octets, too, but may send a large parcel', async () => {
    const large = () => parcel({ payload: Buffer.alloc(6 * 1_024 * 1_024) });
    assert.equal((await send(large())).status, 202);
    assertToldToComeLater(await send(large()));
    assert.equal((await send(parcel())).status, 202);
  });

  describe('from the Internet', () => {
    it('is told to come later, and others are not', async () => {
      await thrice(() => post(parcel()));
      assertToldToComeLater(await post(parcel()));
      const another = certified(road, others.us, road.recipient);
      assert.equal((await post(parcel({ sender: another }))).status, 202);
      assert.equal((await send(parcel())).status, 202);
    });

    it('may send to others who authorised it', async () => {
      await thrice(() => post(parcel()));
      assertToldToComeLater(await post(parcel()));
      const sender = certified(others, road.sender, others.recipient);
      assert.equal((await post(parcel({ sender }, others))).status, 202);
    });
  });

  describe('whose parcels come by courier', () => {
    async function assertLeftWithCourier(octets: Uint8Array): Promise<void> {
      const stream = couriered.courier.deliver();
      stream.send({ id: 'over', cargo: Buffer.from(octets) });
      stream.call.end();
      assert.equal((await stream.ended).code, status.UNAVAILABLE);
      assert.deepEqual(stream.received, []);
    }

    it('gets no acknowledgement of what is over it, and may bring that again', async () => {
      const parcels = Array.from({ length: 5 }, () => parcel());
      const first = await couriered.counting(async () => {
        await couriered.deliver(cargo(parcels));
        await couriered.unpacked();
      });
      assert.deepEqual(first, {
        cargoAccepted: 1,
        'parcelAccepted cargo gateway': 3,
        'parcelRefused cargo over-quota': 2,
      });
      assert.equal(await heldFor(road), 3);
      couriered.gateway.clock.advance(LATER_MS);
      const again = await couriered.counting(async () => {
        await couriered.deliver(cargo(parcels));
        await couriered.unpacked();
      });
      assert.deepEqual(again, { cargoAccepted: 1, 'parcelAccepted cargo gateway': 2 });
      assert.equal(await heldFor(road), 5);
    });

    it('gets no acknowledgement of what is over its share of the store, and may bring that again', async () => {
      const { gateway } = couriered;
      await gateway.holdSentBy(road.phone, MOST_HELD - 1);
      const parcels = Array.from({ length: 2 }, () => parcel({}, others));
      const counts = await couriered.counting(async () => {
        await couriered.deliver(cargo(parcels));
        await couriered.unpacked();
      });
      assert.equal(counts['parcelAccepted cargo gateway'], 1);
      assert.equal(counts['parcelRefused cargo over-share'], 1);
      assert.equal(await heldFor(others), 1);
      using collector = await Collector.open(gateway.poweb, [others.phone]);
      collector.acknowledge(await collector.next());
      await gateway.untilEmpty(others.phone);
      gateway.clock.advance(1_000);
      const again = await couriered.counting(async () => {
        await couriered.deliver(cargo(parcels));
        await couriered.unpacked();
      });
      assert.equal(again['parcelAccepted cargo gateway'], 1);
    });

    it('has spent no more when a courier brings the same cargo again and again', async () => {
      const first = cargo();
      const counts = await couriered.counting(async () => {
        for (let times = 0; times < 5; times++) {
          await couriered.deliver(first);
        }
        await couriered.deliver(cargo(), cargo());
      });
      assert.equal(counts.cargoAccepted, 7);
      await assertLeftWithCourier(cargo());
      const again = await couriered.counting(() => couriered.deliver(first));
      assert.equal(again.cargoAccepted, 1);
    });

    it('pays for each cargo, even if several have one id', async () => {
      for (let cargoes = 0; cargoes < 3; cargoes++) {
        // Each is encrypted anew.
        await couriered.deliver(couriered.craft('cargo', { id: 'one' }));
      }
      await assertLeftWithCourier(cargo());
    });

    it('leaves a cargo over it with the courier, and those of others are taken', async () => {
      const { courier, gateway } = couriered;
      await couriered.deliver(...Array.from({ length: 3 }, () => cargo()));
      await couriered.unpacked();
      const stream = courier.deliver();
      const fourth = cargo();
      stream.send({ id: 'over', cargo: Buffer.from(fourth) });
      stream.send({ id: 'of another', cargo: couriered.craft('cargo', { sender: others.phone }) });
      await stream.receivedAtLeast(1);
      stream.call.end();
      assert.equal((await stream.ended).code, status.UNAVAILABLE);
      assert.deepEqual(
        stream.received.map(({ id }) => id),
        ['of another'],
      );
      assert.equal(couriered.metrics.counts['cargoRefused over-quota'], 1);
      gateway.clock.advance(LATER_MS);
      const taken = await couriered.counting(() => couriered.deliver(fourth));
      assert.equal(taken.cargoAccepted, 1);
    });
  });
});
