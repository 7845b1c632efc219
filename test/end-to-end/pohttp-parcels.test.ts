import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MAX_MESSAGE_OCTETS, MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { parcelOn, type Road } from '#test/builders/road.ts';
import { type Answer, HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { until } from '#test/runtime/until.ts';
import { FaultyStore } from './support/faulty-store.ts';
import { GatewayUnderTest } from './support/gateway-under-test.ts';
import { invalidParcels, oddParcels } from './support/invalid-parcels.ts';
import { malformedParcels, parcelOfOctets } from './support/malformed-parcels.ts';
import { octetsOf } from './support/refused-message.ts';

describe('PoHTTP: what an Internet app posts as a parcel', () => {
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  let road: Road;
  const store = new FaultyStore();

  before(async () => {
    gateway = await GatewayUnderTest.start({ objects: store.objects });
    client = new HttpClient(gateway.pohttp);
    road = await gateway.road();
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  function post(
    body: Uint8Array,
    headers: Readonly<Record<string, string>> = {},
    path = '/',
  ): Promise<Answer> {
    return client.post(path, { headers: { 'content-type': PARCEL_TYPE, ...headers }, body });
  }

  /** Posts each parcel, and a good one after it over the same connection. */
  async function answers(status: number, parcels: Record<string, Uint8Array>): Promise<void> {
    const statuses: Record<string, number> = {};
    for (const [what, parcel] of Object.entries(parcels)) {
      const answer = await post(parcel);
      const next = await post(parcelOn(road));
      assert.equal(next.status, 202, what);
      assert.equal(next.connection, answer.connection, what);
      statuses[what] = answer.status;
    }
    const expected = Object.keys(parcels).map((what) => [what, status]);
    assert.deepEqual(statuses, Object.fromEntries(expected));
  }

  it('is answered 400 if it is malformed', () => answers(400, malformedParcels(road)));

  it('is answered 403 if it must be refused', async () => {
    await answers(403, {
      ...octetsOf(await invalidParcels(road)),
      'is for another Internet address': parcelOn(road, { internetAddress: 'elsewhere.test' }),
    });
  });

  it('is answered 202 if it is odd but good', () => answers(202, oddParcels(road)));

  it('is answered 202 for our Internet address or none, on any path', async () => {
    const ours = parcelOn(road, { internetAddress: 'Gateway.Localhost' });
    assert.equal((await post(ours)).status, 202);
    assert.equal((await post(ours, {}, '/any/path?a=b')).status, 202);
    assert.equal((await post(parcelOn(road), {}, '/v1/parcels')).status, 202);
  });

  it('is answered 413 if it is an octet larger than any message, 400 if than any parcel', async () => {
    assert.equal((await post(new Uint8Array(MAX_MESSAGE_OCTETS + 1))).status, 413);
    assert.equal((await post(await parcelOfOctets(road, MAX_PARCEL_OCTETS + 1))).status, 400);
    assert.equal((await post(await parcelOfOctets(road, MAX_PARCEL_OCTETS))).status, 202);
  });

  it('is answered 415 without a content type or with another one', async () => {
    const body = parcelOn(road);
    for (const headers of [{}, { 'content-type': 'text/plain' }, { 'content-type': '???' }]) {
      assert.equal((await client.post('/', { headers, body })).status, 415);
    }
    assert.equal((await client.post('/')).status, 415);
    assert.equal(
      (await post(body, { 'content-type': `${PARCEL_TYPE.toUpperCase()};a=b` })).status,
      202,
    );
  });

  it('is answered 405 if it is not posted, and / says what this is', async () => {
    const refused = await client.get('/parcels');
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.allow, 'OPTIONS, POST');
    const seen = await client.get('/');
    assert.equal(seen.status, 200);
    assert.equal(String(seen.body), 'Awala Internet gateway: PoHTTP, for Internet apps\n');
    assert.equal((await client.head('/')).status, 200);
  });

  it('is told what is wrong in JSON if it accepts that, else in plain text', async () => {
    const plain = await post(Buffer.from('hello'), { accept: 'text/plain' });
    assert.equal(plain.headers['content-type'], 'text/plain; charset=utf-8');
    assert.equal(String(plain.body), 'Message does not begin with "Awala"');
    const json = await post(Buffer.from('hello'), { accept: 'text/html, application/json' });
    assert.equal(json.headers['content-type'], 'application/json; charset=utf-8');
    assert.deepEqual(JSON.parse(String(json.body)), { message: String(plain.body) });
  });

  it('is answered 503 while the store is down, 507 while it is full, 500 if nobody knows', async () => {
    const body = parcelOn(road);
    const statuses = { down: 503, full: 507, broken: 500 } as const;
    for (const [fault, status] of Object.entries(statuses)) {
      store.fault = fault as keyof typeof statuses;
      const answer = await post(body);
      assert.equal(answer.status, status, fault);
      assert.doesNotMatch(String(answer.body), /told to/);
    }
    store.fault = null;
    assert.equal((await post(body)).status, 202);
  });

  it('is answered 503 after 2.3 s while the store is stuck', async () => {
    store.fault = 'stuck';
    const answer = post(parcelOn(road));
    await until(() => store.stuck === 1);
    store.fault = null;
    using other = new HttpClient(gateway.pohttp);
    const headers = { 'content-type': PARCEL_TYPE };
    const neighbour = await other.post('/', { headers, body: parcelOn(road) });
    assert.equal(neighbour.status, 202);
    gateway.clock.advance(2_300);
    assert.equal((await answer).status, 503);
    assert.equal((await answer).headers['retry-after'], '5');
  });
});
