import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { serialiseAuthorization } from '#awala/registration/authorization.ts';
import { parseRegistration } from '#awala/registration/registration.ts';
import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import {
  authorisedSender,
  countersign,
  endpoint,
  type Identity,
  identity,
  newIdentity,
  type Peer,
  preRegistrationBody,
  privateGateway,
} from '#test/builders/peers.ts';
import { parcelOn } from '#test/builders/road.ts';
import { type Answer, HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { until } from '#test/runtime/until.ts';
import { GatewayUnderTest } from './support/gateway-under-test.ts';

const REQUEST_TYPE = 'application/vnd.awala.node-registration.request';
const AUTHORIZATION_TYPE = 'application/vnd.awala.node-registration.authorization';
const REGISTRATION_TYPE = 'application/vnd.awala.node-registration.registration';
const MAX_REQUEST_OCTETS = 1024 * 1024;
const DAY_MS = 86_400_000;

describe('PoWeb: registration', () => {
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  const phone = identity('phone');

  before(async () => {
    gateway = await GatewayUnderTest.start({}, { PRE_REGISTRATIONS_PER_SECOND: '100' });
    client = new HttpClient(gateway.poweb);
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  function preRegister(
    body: string,
    { path = '/v1/pre-registrations', type = 'text/plain' } = {},
  ): Promise<Answer> {
    return client.post(path, { headers: { ...(type && { 'content-type': type }) }, body });
  }

  function register(body: Uint8Array, type = REQUEST_TYPE): Promise<Answer> {
    return client.post('/v1/nodes', { headers: { ...(type && { 'content-type': type }) }, body });
  }

  async function authorization(node: Identity = phone): Promise<Uint8Array> {
    return (await preRegister(preRegistrationBody(node))).body;
  }

  /** A request to register that is valid if `authorized` is the authorization of `node`. */
  async function request(authorized: Uint8Array, node = phone, signer = node): Promise<Uint8Array> {
    const parts = { publicKey: node.spki, authorization: authorized };
    return serialiseRegistrationRequest(parts, signer.sign);
  }

  describe('asking for an authorization', () => {
    it('works under both generations of the path', async () => {
      for (const path of ['/v1/pre-registrations', '/v1/pre-registration']) {
        const answer = await preRegister(preRegistrationBody(phone), { path });
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['content-type'], AUTHORIZATION_TYPE);
        assert.equal((await register(await request(answer.body))).status, 200);
      }
    });

    it('is answered 400 unless the body is 64 hex digits, 413 if it is longer', async () => {
      const digest = preRegistrationBody(phone);
      const bodies = ['', digest.slice(1), `${digest.slice(1)}g`, `${digest.slice(2)}é`];
      for (const body of bodies) {
        assert.equal((await preRegister(body)).status, 400, body);
      }
      assert.equal((await preRegister(`${digest}0`)).status, 413);
      assert.equal((await preRegister(digest)).status, 200);
    });

    it('is answered 415 without a content type or with another one', async () => {
      for (const type of ['', 'application/json']) {
        assert.equal((await preRegister(preRegistrationBody(phone), { type })).status, 415);
      }
    });
  });

  describe('registering', () => {
    it('gives a certificate', async () => {
      const answer = await register(await request(await authorization()));
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'], REGISTRATION_TYPE);
      assert.equal(parseRegistration(answer.body).peerCertificate.nodeId, phone.nodeId);
    });

    it('is answered 400 if the request is malformed', async () => {
      const valid = await request(await authorization());
      const notMinimal = Buffer.concat([Buffer.of(0x30, 0x83, 0), valid.subarray(2)]);
      const indefinite = Buffer.concat([Buffer.of(0x30, 0x80), valid.subarray(4), Buffer.alloc(2)]);
      const notAKey = { ...phone, spki: Buffer.from('no key') };
      const malformed: Record<string, Uint8Array> = {
        empty: new Uint8Array(),
        'cut in half': valid.subarray(0, valid.length / 2),
        'an octet short': valid.subarray(0, -1),
        'an octet too long': Buffer.concat([valid, Buffer.of(0)]),
        'of another type': Buffer.concat([Buffer.of(0x31), valid.subarray(1)]),
        'with a length that is not minimal': notMinimal,
        'of indefinite length': indefinite,
        'without a public key': await request(await authorization(), notAKey),
        'with an authorization that is none': await request(Buffer.from('hello')),
        'nested deeply': Buffer.alloc(MAX_REQUEST_OCTETS, Buffer.of(0x30, 0x80)),
        'as large as a request may be': Buffer.alloc(MAX_REQUEST_OCTETS),
      };
      for (const [what, octets] of Object.entries(malformed)) {
        assert.equal((await register(octets)).status, 400, what);
      }
      assert.equal((await register(valid)).status, 200);
    });

    it('is answered 400 if a signature does not hold', async () => {
      const granted = await authorization();
      const gatewayData = Buffer.from(preRegistrationBody(phone), 'hex');
      const expiresAt = new Date(gateway.clock.now().getTime() + 5_000);
      const stranger = identity('stranger');
      const forged = await serialiseAuthorization({ expiresAt, gatewayData }, stranger.sign);
      assert.equal((await register(await request(granted, phone, stranger))).status, 400);
      assert.equal((await register(await request(forged))).status, 400);
    });

    it('is answered 400 if the key is too short or of another kind', async () => {
      const short = newIdentity(1024);
      assert.equal((await register(await request(await authorization(short), short))).status, 400);
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const elliptic = { ...phone, spki: publicKey.export({ type: 'spki', format: 'der' }) };
      const answer = await register(await request(await authorization(elliptic), elliptic, phone));
      assert.equal(answer.status, 400);
    });

    it('is answered 403 if the authorization is for another key', async () => {
      const granted = await authorization(identity('other'));
      assert.equal((await register(await request(granted))).status, 403);
    });

    it('is answered 400 once the authorization has expired, which is before 10 s', async () => {
      const granted = await authorization();
      gateway.clock.advance(8_000);
      assert.equal((await register(await request(granted))).status, 200);
      gateway.clock.advance(2_000);
      assert.equal((await register(await request(granted))).status, 400);
    });

    it('is answered 413 if it is an octet too large', async () => {
      assert.equal((await register(new Uint8Array(MAX_REQUEST_OCTETS + 1))).status, 413);
    });

    it('is answered 415 without a content type or with another one', async () => {
      const body = await request(await authorization());
      assert.equal((await register(body, '')).status, 415);
      assert.equal((await register(body, AUTHORIZATION_TYPE)).status, 415);
    });
  });

  it('lets a phone stay established that delivered shortly before, and no other', async () => {
    const { clock, us } = gateway;
    const now = clock.now();
    const daysFrom = (days: number) => new Date(now.getTime() + days * DAY_MS);
    const deliver = async (from: Peer) => {
      const validity = { notBefore: daysFrom(-1), notAfter: daysFrom(1) };
      const recipient = await endpoint('recipient', from, validity);
      const sender = await authorisedSender('sender', recipient, validity);
      const body = parcelOn({ sender, recipient, now });
      const headers = {
        'content-type': PARCEL_TYPE,
        authorization: await countersign(body, from),
      };
      assert.equal((await client.post('/v1/parcels', { headers, body })).status, 202);
    };
    const renewed = async (by: Identity) => {
      // Within a second, it would get the same certificate again.
      clock.advance(1_000);
      const { body } = await register(await request(await authorization(by), by));
      return parseRegistration(body).peerCertificate;
    };
    const ending = { notAfter: daysFrom(92) };
    const old = await privateGateway('old phone', us, { ...ending, notBefore: daysFrom(-80) });
    const young = await privateGateway('young phone', us, { ...ending, notBefore: daysFrom(-6) });
    await deliver(young);
    await deliver(old);

    await until(async () => (await renewed(old)).isOfEstablished);

    assert.equal((await renewed(young)).isOfEstablished, false);
    assert.equal((await renewed(newIdentity())).isOfEstablished, false);
  });

  it('is limited in how often authorizations are asked for, and answered 503 past that', async () => {
    await using limited = await GatewayUnderTest.start({}, { PRE_REGISTRATIONS_PER_SECOND: '2' });
    using asking = new HttpClient(limited.poweb);
    using elsewhere = new HttpClient(limited.poweb, { from: '127.0.0.2' });
    const ask = async (client = asking) => {
      const posting = {
        headers: { 'content-type': 'text/plain' },
        body: preRegistrationBody(phone),
      };
      return client.post('/v1/pre-registrations', posting);
    };
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 200]);
    const refused = await ask();
    assert.equal(refused.status, 503);
    assert.equal(refused.headers['retry-after'], '5');
    assert.equal((await asking.get('/connection-params.der')).status, 200);
    assert.equal((await ask(elsewhere)).status, 200);
    limited.clock.advance(1_000);
    assert.deepEqual([(await ask()).status, (await ask()).status], [200, 503]);
  });
});
