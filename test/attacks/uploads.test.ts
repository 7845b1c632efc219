import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { parcelOn, type Road } from '#test/builders/road.ts';
import { GatewayUnderTest } from '#test/end-to-end/support/gateway-under-test.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { ATTACKERS_NETWORK, assertServed, NETWORKS } from './attacker.ts';
import { Crowd } from './crowd.ts';

const REQUESTS = 20;
/** Until it is told that it is too slow. */
const SECONDS = 7;
/** As many as the gateway has in flight. */
const DRIPPING = 1_000;
/** As many bodies, but for their ends, take nearly all the memory that there is for bodies. */
const STOPPED = 15;
const STOPPED_OCTETS = 8_900_000;
const IDLE_MS = 2_000;
const SLOWEST_SECONDS = 10;
const PATH = '/v1/parcels';
const HEADERS = { 'content-type': PARCEL_TYPE };

describe('While a stranger uploads', () => {
  let gateway: GatewayUnderTest;
  let road: Road;
  let phone: HttpClient;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    road = await gateway.road();
    phone = new HttpClient(gateway.poweb);
  });
  after(async () => {
    phone[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  /** Begins uploads of the largest bodies, and sends so many octets of each. */
  async function begin(network: string, count: number, octets: number): Promise<Crowd> {
    const crowd = await Crowd.from(network, gateway.poweb, count);
    const begun = crowd.clients.map(async (client) => {
      await client.begin(PATH, HEADERS, MAX_MESSAGE_OCTETS);
      await client.write(Buffer.alloc(octets));
    });
    await Promise.all(begun);
    return crowd;
  }

  async function isServed(index: number): Promise<boolean> {
    if (index % 2 === 0) {
      return (await phone.get('/connection-params.der')).status === 200;
    }
    const posting = await postingOf(parcelOn(road), road.phone);
    return (await phone.post(PATH, posting)).status === 202;
  }

  for (const [which, network] of NETWORKS) {
    it(`drop by drop, from ${which}, phones are served`, async () => {
      using _crowd = await begin(network, DRIPPING, 1);
      gateway.clock.advance(IDLE_MS);
      await assertServed(REQUESTS, isServed);
    });

    it(`an octet each second, from ${which}, phones are served`, async () => {
      using crowd = await begin(network, DRIPPING, 1);
      const drip = async () => {
        gateway.clock.advance(1_000);
        for (const { socket } of crowd.clients) {
          socket.write('.');
        }
      };
      await drip();
      await drip();
      await assertServed(SECONDS, isServed, drip);
    });

    it(`as much as all the memory for bodies, from ${which}, phones are served`, async () => {
      using _crowd = await begin(network, STOPPED, STOPPED_OCTETS);
      gateway.clock.advance(IDLE_MS);
      await assertServed(REQUESTS, isServed);
    });
  }

  it('drop by drop, it is told that it is too slow', async () => {
    using crowd = await begin(ATTACKERS_NETWORK, 1, 1);
    const [slow] = crowd.clients;
    const status = slow?.status();
    await gateway.pass(SLOWEST_SECONDS, async () => slow?.write('.'));
    assert.equal(await status, 408);
  });
});
