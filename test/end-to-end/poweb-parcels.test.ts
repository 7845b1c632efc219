import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SignaturePurpose } from '#awala/cms/signature-purpose.ts';
import { type Signer, signDetached } from '#awala/cms/signed-data-writer.ts';
import { MAX_MESSAGE_OCTETS, MAX_PARCEL_OCTETS } from '#awala/limits.ts';
import { craftSignedData } from '#test/builders/crafted-messages.ts';
import { countersign, identity, internetGateway, privateGateway } from '#test/builders/peers.ts';
import { certified, parcelOn, type Road, secondsFrom } from '#test/builders/road.ts';
import { type Answer, HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { GatewayUnderTest } from './support/gateway-under-test.ts';
import { invalidParcels, oddParcels } from './support/invalid-parcels.ts';
import { malformedParcels, parcelOfOctets } from './support/malformed-parcels.ts';
import { Neighbours } from './support/neighbours.ts';
import { octetsOf } from './support/refused-message.ts';

describe('PoWeb: what a phone posts as a parcel', () => {
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  let road: Road;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    client = new HttpClient(gateway.poweb);
    road = await gateway.road();
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  async function deliver(parcel: Uint8Array): Promise<Answer> {
    return client.post('/v1/parcels', await postingOf(parcel, road.phone));
  }

  /** Posts each parcel, and a good one after it over the same connection, amid neighbours. */
  async function answers(status: number, parcels: Record<string, Uint8Array>): Promise<void> {
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: await gateway.road('neighbour'),
    });
    const statuses: Record<string, number> = {};
    for (const [what, parcel] of Object.entries(parcels)) {
      const answer = await deliver(parcel);
      const next = await deliver(parcelOn(road));
      assert.equal(next.status, 202, what);
      assert.equal(next.connection, answer.connection, what);
      statuses[what] = answer.status;
    }
    const expected = Object.keys(parcels).map((what) => [what, status]);
    assert.deepEqual(statuses, Object.fromEntries(expected));
    await neighbours.finish();
  }

  it('is answered 422 if it is malformed', () => answers(422, malformedParcels(road)));

  it('is answered 422 if it must be refused', async () => {
    await answers(422, octetsOf(await invalidParcels(road)));
  });

  it('is answered 202 if it is odd but good', () => answers(202, oddParcels(road)));

  it('is answered 202 if it is for another Internet address, whoever its recipient is', async () => {
    const elsewhere = { recipient: identity('someone').nodeId, internetAddress: 'elsewhere.test' };
    assert.equal((await deliver(parcelOn(road, elsewhere))).status, 202);
  });

  it('may be as large as a parcel may be, and is answered 422 past that', async () => {
    assert.equal(MAX_PARCEL_OCTETS, 8_322_038);
    assert.equal((await deliver(await parcelOfOctets(road, MAX_PARCEL_OCTETS))).status, 202);
    for (const octets of [MAX_PARCEL_OCTETS + 1, 8_388_608]) {
      assert.equal((await deliver(await parcelOfOctets(road, octets))).status, 422, `${octets}`);
    }
  });

  it('is answered 422 if it is an octet larger than any message, however it is sent', async () => {
    const body = new Uint8Array(MAX_MESSAGE_OCTETS + 1);
    const headers = { 'content-type': PARCEL_TYPE };
    for (const isChunked of [false, true]) {
      const answer = await client.post('/v1/parcels', { headers, body, isChunked });
      assert.equal(answer.status, 422);
    }
    assert.equal((await deliver(parcelOn(road))).status, 202);
  });

  it('is answered 415 without a content type or with another one', async () => {
    const body = parcelOn(road);
    const authorization = await countersign(body, road.phone);
    for (const type of ['', 'text/plain', 'application/octet-stream', `${PARCEL_TYPE}s`, ';;;']) {
      const headers = { authorization, ...(type && { 'content-type': type }) };
      const answer = await client.post('/v1/parcels', { headers, body });
      assert.equal(answer.status, 415, type);
    }
    const headers = { authorization, 'content-type': 'Application/Vnd.Awala.Parcel; a=b' };
    assert.equal((await client.post('/v1/parcels', { headers, body })).status, 202);
  });
});

describe('PoWeb: the countersignature of a parcel', () => {
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  let road: Road;
  let parcel: Uint8Array;

  before(async () => {
    gateway = await GatewayUnderTest.start();
    client = new HttpClient(gateway.poweb);
    road = await gateway.road();
    parcel = parcelOn(road);
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  async function deliverWith(authorization: string | null, body = parcel): Promise<Answer> {
    const headers = {
      'content-type': PARCEL_TYPE,
      ...(authorization !== null && { authorization }),
    };
    return client.post('/v1/parcels', { headers, body });
  }

  function header(signature: Uint8Array, scheme = 'Awala-Countersignature'): string {
    return `${scheme} ${Buffer.from(signature).toString('base64')}`;
  }

  async function signed(
    signer: Signer = road.phone,
    purpose: SignaturePurpose = 'parcel-delivery',
    plaintext = parcel,
  ): Promise<string> {
    return header(await signDetached(plaintext, purpose, signer));
  }

  it('may have either generation of its name, in any case', async () => {
    const signature = await signDetached(parcel, 'parcel-delivery', road.phone);
    for (const scheme of [
      'Relaynet-Countersignature',
      'Awala-Countersignature',
      'awala-countersignature',
    ]) {
      assert.equal((await deliverWith(header(signature, scheme))).status, 202, scheme);
    }
  });

  it('is answered 401 if it is missing or malformed', async () => {
    const { phone } = road;
    const signature = await signDetached(parcel, 'parcel-delivery', phone);
    const certificates = [phone.certificate];
    const attached = craftSignedData({ content: parcel, signers: [phone], certificates });
    const twice = craftSignedData({ content: null, signers: [phone, phone], certificates });
    const anonymous = craftSignedData({ content: null, signers: [phone], certificates: [] });
    const base64 = Buffer.from(signature).toString('base64');
    const malformed: Record<string, string | null> = {
      'no header': null,
      'another scheme': header(signature, 'Bearer'),
      'no scheme': base64,
      'no signature': 'Awala-Countersignature',
      'two signatures': `Awala-Countersignature ${base64} ${base64}`,
      'base64 that is cut': `Awala-Countersignature ${base64.slice(0, -1)}`,
      'base64 for URLs': `Awala-Countersignature ${base64.replace(/[/+]/g, '-')}`,
      'octets that are no signature': header(Buffer.from('hello')),
      'a signature that is cut': header(signature.subarray(0, -1)),
      'a signature with an octet too many': header(Buffer.concat([signature, Buffer.of(0)])),
      'a signature with its content': header(attached),
      'a signature by two': header(twice),
      'a signature without its certificate': header(anonymous),
    };
    for (const [what, authorization] of Object.entries(malformed)) {
      const { status, headers } = await deliverWith(authorization);
      assert.equal(status, 401, what);
      const challenge = 'Awala-Countersignature, Relaynet-Countersignature';
      assert.equal(headers['www-authenticate'], challenge, what);
    }
    assert.equal((await deliverWith(await signed())).status, 202);
  });

  it('is answered 403 if it does not hold for this parcel', async () => {
    const { phone, recipient, us, validity, now } = road;
    const elsewhere = await internetGateway('elsewhere', validity);
    const stranger = await privateGateway('phone', elsewhere, validity);
    const expired = certified(road, phone, us, { notAfter: secondsFrom(road, -1) });
    const future = certified(road, phone, us, { notBefore: secondsFrom(road, 7201) });
    const sha1 = certified(road, phone, us, { hash: 'sha1' });
    const impostor = { ...phone, sign: identity('someone').sign };
    const invalid: Record<string, string> = {
      'by a stranger': await signed(stranger),
      'for another parcel': await signed(phone, 'parcel-delivery', parcelOn({ ...road, now })),
      'for a collection': await signed(phone, 'collection-handshake'),
      'by an endpoint behind the phone': await signed(recipient),
      'with an expired certificate': await signed(expired),
      'with a certificate of the future': await signed(future),
      'with a certificate that is signed with SHA-1': await signed(sha1),
      'by another key': await signed(impostor),
    };
    for (const [what, authorization] of Object.entries(invalid)) {
      assert.equal((await deliverWith(authorization)).status, 403, what);
    }
    assert.equal((await deliverWith(await signed())).status, 202);
  });

  it('is looked at before the parcel: nothing is said about a parcel without one', async () => {
    assert.equal((await deliverWith(null, new Uint8Array())).status, 401);
    assert.equal((await deliverWith(await signed(), Buffer.from('hello'))).status, 403);
    const authorization = await countersign(new Uint8Array(), road.phone);
    assert.equal((await deliverWith(authorization, new Uint8Array())).status, 422);
  });
});
