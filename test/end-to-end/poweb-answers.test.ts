import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { OIDS } from '#awala/der/oids.ts';
import { integer, sequence } from '#awala/der/writer.ts';
import { MAX_MESSAGE_OCTETS, MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { extension } from '#test/builders/crafted-certificates.ts';
import { countersign, internetGateway, privateGateway } from '#test/builders/peers.ts';
import { certified, parcelOn, type Road, secondsFrom } from '#test/builders/road.ts';
import { HttpClient } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { type Fault, FaultyStore } from './support/faulty-store.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { parcelOfOctets } from './support/malformed-parcels.ts';
import { Operator } from './support/operator.ts';
import { RawClient } from './support/raw-client.ts';
import { deauthorisationOn, withdraw } from './support/withdrawing.ts';

const DECISION = new URL('../../docs/decisions/answers-to-phones.md', import.meta.url);
const ROW = /^\| (?<what>[^|]+) \| (?<status>\d{3}) \| (?<app>[^|]+) \| [^|]+ \|$/;
const BODY_PAUSE_MS = 10_000;
/** More than the other situations need. */
const QUOTA = '20';
const MOST_HELD = '30';

/** The rows of the decision's table. */
function decidedAnswers(): { what: string; status: number; isDeleted: boolean }[] {
  const lines = readFileSync(DECISION, 'utf8').split('\n');
  return lines.flatMap((line) => {
    const { what = '', status, app = '' } = ROW.exec(line)?.groups ?? {};
    return status ? [{ what, status: Number(status), isDeleted: app.startsWith('deletes') }] : [];
  });
}

describe('PoWeb: each answer that a phone’s queue may get', () => {
  const store = new FaultyStore();
  const clock = new ManualClock(START);
  const operator = new Operator(clock);
  const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  let road: Road;

  before(async () => {
    gateway = await GatewayUnderTest.start(
      { objects: store.objects, records: operator.records, clock, plausibility },
      {
        QUOTA_PARCELS_PER_HOUR: QUOTA,
        QUOTA_HELD_PARCELS: MOST_HELD,
        ACCEPT_WITHDRAWALS: 'true',
      },
    );
    client = new HttpClient(gateway.poweb);
    road = await gateway.road();
  });
  afterEach(() => {
    store.fault = null;
    witness(0);
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  function witness(offsetSeconds: number): void {
    const oursMs = clock.now().getTime();
    plausibility.hear({ by: 'a witness', theirsMs: oursMs - offsetSeconds * 1_000, oursMs });
  }

  async function post(
    body: Uint8Array,
    headers: Record<string, string> = {},
    path = '/v1/parcels',
  ): Promise<number> {
    const posting = await postingOf(body, road.phone);
    return (await client.post(path, { body, headers: { ...posting.headers, ...headers } })).status;
  }

  function whileStoreIs(fault: Fault): Promise<number> {
    store.fault = fault;
    return post(parcelOn(road));
  }

  async function withCertificateOfAnother(): Promise<number> {
    const elsewhere = await internetGateway('elsewhere', road.validity);
    const stranger = await privateGateway('phone', elsewhere, road.validity);
    const parcel = parcelOn(road);
    return post(parcel, { authorization: await countersign(parcel, stranger) });
  }

  async function beyondItsRate(): Promise<number> {
    const onePerDay = sequence(integer(1), integer(86_400));
    const moreExtensions = [extension(OIDS.deliveryRateLimit, false, onePerDay)];
    const sender = certified(road, road.sender, road.recipient, { moreExtensions });
    assert.equal(await post(parcelOn(road, { sender, id: 'first' })), 202);
    return post(parcelOn(road, { sender, id: 'second' }));
  }

  async function beyondItsQuota(): Promise<number> {
    const eager = await gateway.road('eager phone');
    const send = async (id: number) => {
      const body = parcelOn(eager, { id: `${id}` });
      return (await client.post('/v1/parcels', await postingOf(body, eager.phone))).status;
    };
    for (let sent = 0; sent < Number(QUOTA); sent++) {
      assert.equal(await send(sent), 202);
    }
    return send(Number(QUOTA));
  }

  async function forCrowded(): Promise<number> {
    const crowded = await gateway.road('crowded phone');
    await gateway.holdSentBy(crowded.phone, Number(MOST_HELD));
    const body = parcelOn(crowded);
    return (await client.post('/v1/parcels', await postingOf(body, crowded.phone))).status;
  }

  async function afterYounger(): Promise<number> {
    const younger = parcelOn(road, { id: 'used' });
    assert.equal(await post(younger), 202);
    const elder = parcelOn(road, { id: 'used', createdAt: secondsFrom(road, -1) });
    assert.equal(await post(younger), await post(elder));
    return post(elder);
  }

  async function pausing(): Promise<number> {
    const parcel = parcelOn(road);
    const { headers } = await postingOf(parcel, road.phone);
    using half = await RawClient.connect(gateway.poweb);
    await half.begin('/v1/parcels', headers, parcel.length);
    await half.write(parcel.subarray(0, 100));
    gateway.clock.advance(BODY_PAUSE_MS);
    return await half.status();
  }

  async function notHttp(): Promise<number> {
    using connection = await RawClient.connect(gateway.poweb);
    await connection.write('hello\r\n\r\n');
    return await connection.status();
  }

  const situations: Record<string, () => Promise<number>> = {
    stored: () => post(parcelOn(road)),
    'a duplicate, or older than another under its ids': afterYounger,
    'over the rate that its sender’s authorisation allows': beyondItsRate,
    malformed: () => post(Buffer.from('hello')),
    'over 8 322 038 octets': async () => post(await parcelOfOctets(road, MAX_PARCEL_OCTETS + 1)),
    'over 9 437 184 octets, so that the countersignature is not read': () =>
      post(new Uint8Array(MAX_MESSAGE_OCTETS + 1), { authorization: '' }),
    'signature, path or recipient not valid': () => {
      const sender = certified(road, road.sender, road.phone);
      return post(parcelOn(road, { sender }));
    },
    'under an authorisation that its recipient’s phone withdrew': async () => {
      const careful = await gateway.road('careful phone');
      assert.equal((await withdraw(gateway, careful, deauthorisationOn(careful))).status, 202);
      return post(parcelOn(careful));
    },
    'expired, or dated over two hours ahead': async () => {
      const ahead = await post(parcelOn(road, { createdAt: secondsFrom(road, 7_201) }));
      const past = { createdAt: secondsFrom(road, -61), ttlSeconds: 60 };
      assert.equal(await post(parcelOn(road, past)), ahead);
      return ahead;
    },
    'expired, or dated ahead, while our clock is in doubt': async () => {
      witness(86_400);
      return post(parcelOn(road, { createdAt: secondsFrom(road, 7_201) }));
    },
    'no countersignature, or a malformed one': () => post(parcelOn(road), { authorization: '' }),
    'countersignature not valid': withCertificateOfAnother,
    'from a phone that an operator blocked': async () => {
      const blocked = await gateway.road('blocked phone');
      await operator.block(blocked.phone, { clock, policies: [gateway.running.gateway.policy] });
      const body = parcelOn(blocked);
      return (await client.post('/v1/parcels', await postingOf(body, blocked.phone))).status;
    },
    'another content type': () => post(parcelOn(road), { 'content-type': 'text/plain' }),
    'another path': () => post(parcelOn(road), {}, '/v2/parcels'),
    'another method': async () => (await client.send('PUT', '/v1/parcels')).status,
    'headers over 16 KiB': () => post(parcelOn(road), { 'x-long': 'x'.repeat(16_384) }),
    'not HTTP': notHttp,
    'less than 2 KiB of the body in 10 s': pausing,
    'store unavailable or slow': () => whileStoreIs('down'),
    'over its quota': beyondItsQuota,
    'as much is held of what the phone sent as may be': forCrowded,
    'no room': () => whileStoreIs('full'),
    'a surprise': () => whileStoreIs('broken'),
  };

  for (const { what, status, isDeleted } of decidedAnswers()) {
    it(`${what}: ${status}, and the app ${isDeleted ? 'deletes' : 'keeps'} the parcel`, async () => {
      const situation = situations[what];
      assert.ok(situation, 'nothing brings this about');
      assert.equal(await situation(), status);
      assert.equal(isDeleted, status === 202 || status === 422);
    });
  }

  it('is in the table', () => {
    const decided = decidedAnswers().map(({ what }) => what);
    assert.deepEqual(decided.sort(), Object.keys(situations).sort());
  });
});
