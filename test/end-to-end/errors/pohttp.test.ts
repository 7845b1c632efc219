import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { OIDS } from '#awala/der/oids.ts';
import { integer, sequence } from '#awala/der/writer.ts';
import type { FaultCode } from '#awala/errors.ts';
import type { HTTP_ANSWERS } from '#runtime/http/answers.ts';
import { PARCEL_ANSWERS } from '#services/pohttp/answers.ts';
import { extension } from '#test/builders/crafted-certificates.ts';
import { certified, parcelOn, type Road } from '#test/builders/road.ts';
import { type Answer, HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { GatewayUnderTest } from '../support/gateway-under-test.ts';
import { invalidParcels } from '../support/invalid-parcels.ts';
import type { RefusedMessage } from '../support/refused-message.ts';
import { deauthorisationOn, withdraw } from '../support/withdrawing.ts';
import { telling } from './told-by-log.ts';

/** `libs/runtime/http/answers.test.ts` sees to what all HTTP servers answer. */
type Own = Exclude<keyof typeof PARCEL_ANSWERS, keyof typeof HTTP_ANSWERS>;

describe('PoHTTP: each error that has an answer', () => {
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  let road: Road;
  let invalid: readonly RefusedMessage[];

  before(async () => {
    gateway = await GatewayUnderTest.start(
      {},
      { QUOTA_PARCELS_PER_HOUR: '2', QUOTA_HELD_PARCELS: '9', ACCEPT_WITHDRAWALS: 'true' },
    );
    client = new HttpClient(gateway.pohttp);
    road = await gateway.road();
    invalid = Object.values(await invalidParcels(road));
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  function post(body: Uint8Array): Promise<Answer> {
    return client.post('/', { headers: { 'content-type': PARCEL_TYPE }, body });
  }

  function postInvalid(code: FaultCode): Promise<Answer> {
    const parcel = invalid.find(({ reason }) => reason === code);
    assert.ok(parcel, code);
    return post(parcel.octets);
  }

  const provocations: Readonly<Record<Own, () => Promise<Answer>>> = {
    malformed: () => post(Buffer.from('hello')),
    signature: () => postInvalid('signature'),
    algorithm: () => postInvalid('algorithm'),
    expired: () => postInvalid('expired'),
    'not-yet-valid': () => postInvalid('not-yet-valid'),
    certificate: () => postInvalid('certificate'),
    'untrusted-path': () => postInvalid('untrusted-path'),
    'wrong-recipient': () => postInvalid('wrong-recipient'),
    withdrawn: async () => {
      const careful = await gateway.road('careful phone');
      assert.equal((await withdraw(gateway, careful, deauthorisationOn(careful))).status, 202);
      return post(parcelOn(careful));
    },
    'rate-limit': async () => {
      const onePerDay = sequence(integer(1), integer(86_400));
      const moreExtensions = [extension(OIDS.deliveryRateLimit, false, onePerDay)];
      const sender = certified(road, road.sender, road.recipient, { moreExtensions });
      assert.equal((await post(parcelOn(road, { sender, id: 'first' }))).status, 202);
      return post(parcelOn(road, { sender, id: 'second' }));
    },
    'over-share': async () => {
      const crowded = await gateway.road('crowded phone');
      for (let parcels = 0; parcels < 9; parcels++) {
        await gateway.hold(crowded.phone);
      }
      return post(parcelOn(crowded));
    },
    'over-quota': async () => {
      const sender = certified(road, road.us, road.recipient);
      assert.equal((await post(parcelOn(road, { sender, id: 'third' }))).status, 202);
      assert.equal((await post(parcelOn(road, { sender, id: 'fourth' }))).status, 202);
      return post(parcelOn(road, { sender, id: 'fifth' }));
    },
  };

  for (const [code, provoke] of Object.entries(provocations)) {
    const { status } = PARCEL_ANSWERS[code as Own];
    it(`${code}: ${status}`, async () => {
      const answer = await telling(code, gateway.logged, provoke);
      assert.equal(answer.status, status);
    });
  }
});
