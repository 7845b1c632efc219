import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { BackingUnavailableError } from '#backing/errors.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { parcelOn, type Road } from '#test/builders/road.ts';
import { type Answer, HttpClient } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { until } from '#test/runtime/until.ts';
import { FaultyStore } from './support/faulty-store.ts';
import { GatewayUnderTest, START } from './support/gateway-under-test.ts';
import { Neighbours } from './support/neighbours.ts';
import { postHead, RawClient } from './support/raw-client.ts';

const BODY_PAUSE_MS = 10_000;
const LINGER_MS = 5_000;

describe('PoWeb: whatever happens to a request', () => {
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  let road: Road;
  let headers: Readonly<Record<string, string>>;
  let parcel: Uint8Array;
  const store = new FaultyStore();

  before(async () => {
    gateway = await GatewayUnderTest.start({ objects: store.objects });
    client = new HttpClient(gateway.poweb);
    road = await gateway.road();
  });
  beforeEach(makeParcel);
  afterEach(() => {
    store.fault = null;
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  /** One that came before would be answered without a look at the store. */
  async function makeParcel(): Promise<void> {
    parcel = parcelOn(road);
    ({ headers } = await postingOf(parcel, road.phone));
  }

  function deliver(more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return client.post('/v1/parcels', { headers: { ...headers, ...more }, body: parcel });
  }

  async function amidNeighbours(work: () => Promise<void>): Promise<void> {
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: await gateway.road('neighbour'),
    });
    await work();
    await neighbours.finish();
  }

  /** A delivery that the server waits for the rest of. */
  async function halfDelivery(): Promise<RawClient> {
    const sending = await RawClient.connect(gateway.poweb);
    await sending.begin('/v1/parcels', headers, parcel.length);
    await sending.write(parcel.subarray(0, parcel.length / 2));
    return sending;
  }

  it('is answered 503 while the store is down, and 202 after that', () =>
    amidNeighbours(async () => {
      store.fault = 'down';
      const answer = await deliver();
      assert.equal(answer.status, 503);
      assert.equal(answer.headers['retry-after'], '5');
      store.fault = null;
      assert.equal((await deliver()).status, 202);
    }));

  it('is answered 507 while the store is full, and never as the client’s fault', () =>
    amidNeighbours(async () => {
      store.fault = 'full';
      assert.equal((await deliver()).status, 507);
      store.fault = null;
    }));

  it('is answered 500 if nobody foresaw what happened, without a word about the inside', () =>
    amidNeighbours(async () => {
      store.fault = 'broken';
      const answer = await deliver({ accept: 'application/json' });
      assert.equal(answer.status, 500);
      assert.deepEqual(Object.keys(JSON.parse(String(answer.body))), ['message']);
      assert.doesNotMatch(String(answer.body), /told to/);
      store.fault = null;
    }));

  it('is answered 503 within 2.3 s while the store is stuck', async () => {
    store.fault = 'stuck';
    const stuckBefore = store.stuck;
    const answer = deliver();
    await until(() => store.stuck > stuckBefore);
    store.fault = null;
    await amidNeighbours(async () => {});
    gateway.clock.advance(2_300);
    assert.equal((await answer).status, 503);
    assert.equal((await deliver()).status, 202);
  });

  it('is waited for by 8 s if it is from Android, whose queue stands still after a 503', async () => {
    const android = { 'user-agent': 'Ktor client' };
    const stuckBefore = store.stuck;
    store.fault = 'stuck';
    const answer = deliver(android);
    await until(() => store.stuck > stuckBefore);
    assert.equal(store.lastDeadlineMs, 6_000);
    store.fault = null;
    let isAnswered = false;
    const noted = answer.finally(() => {
      isAnswered = true;
    });
    gateway.clock.advance(7_999);
    await amidNeighbours(async () => {});
    assert.equal(isAnswered, false);
    gateway.clock.advance(1);
    assert.equal((await noted).status, 503);
    assert.equal((await deliver(android)).status, 202);
  });

  it('is stored once the store is back within 6 s if it is from Android, and 503 if it is not', async () => {
    for (const [awaySeconds, status] of [
      [5, 202],
      [8, 503],
    ]) {
      await makeParcel();
      store.fault = 'down';
      store.failed = 0;
      const answer = deliver({ 'user-agent': 'Ktor client' });
      await until(() => store.failed > 0);
      await gateway.pass(awaySeconds ?? 0, async () => {
        using probe = new HttpClient(gateway.poweb);
        await probe.get('/connection-params.der');
      });
      store.fault = null;
      await gateway.pass(1, async () => {});
      assert.equal((await answer).status, status);
    }
  });

  it('is answered in JSON or in plain text, as the client accepts', async () => {
    const plain = await client.post('/v1/parcels', { body: parcel });
    assert.equal(plain.headers['content-type'], 'text/plain; charset=utf-8');
    const json = await client.post('/v1/parcels', {
      headers: { accept: 'application/json' },
      body: parcel,
    });
    assert.equal(json.headers['content-type'], 'application/json; charset=utf-8');
    assert.deepEqual(JSON.parse(String(json.body)), { message: String(plain.body) });
  });

  it('is answered 404 for a path that there is not, and 405 for a method', async () => {
    assert.equal((await client.post('/v1/parcel')).status, 404);
    for (const [path, allow] of [
      ['/v1/parcels', 'OPTIONS, POST'],
      ['/v1/parcels?query', 'OPTIONS, POST'],
      ['/v1/nodes', 'OPTIONS, POST'],
      ['/', 'GET, HEAD, OPTIONS'],
      ['/connection-params.der', 'GET, HEAD, OPTIONS'],
      ['/v1/parcel-collection', 'GET, OPTIONS'],
    ] as const) {
      const refused = await client.send('DELETE', path);
      assert.deepEqual([refused.status, refused.headers.allow], [405, allow], path);
      const asked = await client.send('OPTIONS', path);
      assert.deepEqual([asked.status, asked.headers.allow], [204, allow], path);
    }
    const plain = await client.get('/v1/parcel-collection');
    assert.deepEqual([plain.status, plain.headers.upgrade], [426, 'websocket']);
  });

  it('is answered 200 if an app only probes whether the gateway is there', async () => {
    const seen = await client.get('/');
    assert.equal(seen.status, 200);
    assert.equal(String(seen.body), 'Awala Internet gateway: PoWeb, for private gateways\n');
    const probed = await client.head('/');
    assert.equal(probed.status, 200);
    assert.equal(probed.body.length, 0);
  });

  it('is answered as usual if its client offers another protocol, such as HTTP/2', async () => {
    const offer = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AA' };
    assert.equal((await deliver(offer)).status, 202);
  });

  it('is answered 408 if its body stops coming for 10 s, and its connection is closed', async () => {
    using sending = await halfDelivery();
    gateway.clock.advance(BODY_PAUSE_MS);
    const rest = sending.rest();
    await client.get('/connection-params.der');
    gateway.clock.advance(LINGER_MS);
    assert.match(await rest, /^HTTP\/1\.1 408 /);
    assert.equal((await deliver()).status, 202);
  });

  it('is answered 202 if its body takes 20 min but never stops coming for 10 s, and is not too slow', async () => {
    parcel = parcelOn(road, { payload: randomBytes(1_000_000) });
    ({ headers } = await postingOf(parcel, road.phone));
    using sending = await halfDelivery();
    const rest = parcel.subarray(parcel.length / 2);
    const pieceOctets = Math.ceil(rest.length / 130);
    for (let start = 0; start < rest.length; start += pieceOctets) {
      gateway.clock.advance(BODY_PAUSE_MS - 1_000);
      await sending.write(rest.subarray(start, start + pieceOctets));
      await client.get('/connection-params.der');
    }
    assert.equal(await sending.status(), 202);
  });

  it('is forgotten if its client vanishes in the middle', () =>
    amidNeighbours(async () => {
      using sending = await halfDelivery();
      sending.vanish();
      assert.equal((await deliver()).status, 202);
    }));

  it('is forgotten if its client hangs up in the middle', () =>
    amidNeighbours(async () => {
      using sending = await halfDelivery();
      sending.socket.end();
      assert.doesNotMatch(await sending.rest(), /^HTTP\/1\.1 [23]/);
      assert.equal((await deliver()).status, 202);
    }));

  it('is answered 400 if it is no HTTP, 431 if its headers are too large', () =>
    amidNeighbours(async () => {
      using noHttp = await RawClient.connect(gateway.poweb);
      await noHttp.write('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n');
      assert.equal(await noHttp.status(), 400);
      using large = await RawClient.connect(gateway.poweb);
      await large.write(postHead('/v1/parcels', { authorization: 'x'.repeat(17_000) }, 0));
      assert.equal(await large.status(), 431);
    }));

  it('cannot smuggle a second request in its body', () =>
    amidNeighbours(async () => {
      using smuggling = await RawClient.connect(gateway.poweb);
      const both = { ...headers, 'transfer-encoding': 'chunked' };
      await smuggling.write(postHead('/v1/parcels', both, 5));
      assert.equal(await smuggling.status(), 400);
    }));

  it('has left no error in the log that was foreseen', () => {
    const errors = gateway.loggedAt('error').filter((line) => !line.includes('told to surprise'));
    assert.deepEqual(errors, []);
  });
});

describe('PoWeb: with the record store down', () => {
  it('goes on with the certificates that it knows', async () => {
    let isDown = false;
    const before = () => {
      if (isDown) {
        throw new BackingUnavailableError('record-store', 'told to fail');
      }
    };
    const records = new InMemoryRecordStore({ clock: new ManualClock(START), before });
    await using gateway = await GatewayUnderTest.start({ records });
    using client = new HttpClient(gateway.poweb);
    const road = await gateway.road();
    const parcel = parcelOn(road);
    isDown = true;
    gateway.clock.advance(3_600_000);
    const { status } = await client.post('/v1/parcels', await postingOf(parcel, road.phone));
    assert.equal(status, 202);
  });
});
