import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { parcelOn, type Road } from '#test/builders/road.ts';
import { GatewayUnderTest } from '#test/end-to-end/support/gateway-under-test.ts';
import { hostileParcels } from '#test/fuzz/hostile-messages.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { until } from '#test/runtime/until.ts';
import { assertServed, HONEST_NETWORK, NETWORKS } from './attacker.ts';
import { Flood } from './flood.ts';

const VISITS = 4;
const KIB = 1_024;

const HOST = 'Host: a\r\n';
const GET = `GET /connection-params.der HTTP/1.1\r\n${HOST}\r\n`;
const CHUNKED = `Transfer-Encoding: chunked\r\nContent-Type: ${PARCEL_TYPE}\r\n\r\n`;
const UPLOAD = `POST /v1/parcels HTTP/1.1\r\n${HOST}${CHUNKED}`;

interface FloodOfRequests {
  readonly greeting?: string;
  readonly again: string;
  readonly reads?: boolean;
}

/** What somebody may send to an HTTP port without end, by what it is. */
const FLOODS: Readonly<Record<string, FloodOfRequests>> = {
  'a hundred requests at once, again and again': { again: GET.repeat(100) },
  'requests, none of whose answers it reads': { again: GET.repeat(100), reads: false },
  'a body of chunks of one octet': { greeting: UPLOAD, again: '1\r\na\r\n'.repeat(100) },
  'a body of chunks with long extensions': {
    greeting: UPLOAD,
    again: `1;${'e'.repeat(4 * KIB)}\r\na\r\n`,
  },
  'a body with trailers that do not end': {
    greeting: `${UPLOAD}0\r\n`,
    again: `t: ${'t'.repeat(KIB)}\r\n`,
  },
  'headers that do not end': {
    greeting: `GET / HTTP/1.1\r\n${HOST}`,
    again: `h: ${'h'.repeat(KIB)}\r\n`,
  },
  'a thousand headers in each request': {
    again: `GET / HTTP/1.1\r\n${HOST}${'h: h\r\n'.repeat(1_000)}\r\n`,
  },
  'a request line that does not end': { greeting: 'GET /', again: 'a'.repeat(KIB) },
  'bodies that nobody asked for': {
    again: `GET / HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\n123456789`,
  },
  'bodies that it announces and does not send': {
    again: `POST /v1/parcels HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 999\r\n${CHUNKED}`,
  },
  'upgrades to protocols that there are not': {
    again: `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  },
  'empty lines': { again: '\r\n'.repeat(1_000) },
  'what is no HTTP': { again: '\x16\x03\x01\x02\x00' },
};

describe('Phones and apps are served while a stranger floods an HTTP port with', () => {
  let gateway: GatewayUnderTest;
  let road: Road;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    road = await gateway.road();
  });
  after(() => gateway[Symbol.asyncDispose]());
  afterEach(() => assert.deepEqual(gateway.loggedAt('error'), []));

  /** Brings a parcel to that port as a phone or an app does. */
  async function isServed(port: number): Promise<boolean> {
    using client = new HttpClient(port, { from: HONEST_NETWORK });
    const parcel = parcelOn(road);
    const answer =
      port === gateway.poweb
        ? await client.post('/v1/parcels', await postingOf(parcel, road.phone))
        : await client.post('/', { headers: { 'content-type': PARCEL_TYPE }, body: parcel });
    return answer.status === 202;
  }

  for (const [what, { greeting = '', again, reads = true }] of Object.entries(FLOODS)) {
    it(what, async () => {
      for (const [index, [, from]] of NETWORKS.entries()) {
        const port = [gateway.poweb, gateway.pohttp][index] ?? 0;
        await using flood = Flood.begin({ port, from, greeting, again: () => again, reads });
        await until(() => flood.sent > 0);
        await assertServed(VISITS, () => isServed(port));
      }
    });
  }

  it('parcels that are made to be expensive', async () => {
    for (const [what, parcel] of Object.entries(
      hostileParcels({ ...road.validity, subject: road.sender, issuer: road.recipient }),
    )) {
      const { headers, body } = await postingOf(parcel, road.phone);
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const head = `POST /v1/parcels HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n`;
      const again = Buffer.concat([Buffer.from(`${head}${lines.join('')}\r\n`), body]);
      const [, [, from]] = NETWORKS;
      await using flood = Flood.begin({ port: gateway.poweb, from, again: () => again });
      await until(() => flood.sent > 0);
      assert.ok(await isServed(gateway.poweb), what);
    }
  });
});
