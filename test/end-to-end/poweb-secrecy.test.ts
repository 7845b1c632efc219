import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { signDetached } from '#awala/cms/signed-data-writer.ts';
import { parseRegistration } from '#awala/registration/registration.ts';
import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import { identity, preRegistrationBody, signNonce } from '#test/builders/peers.ts';
import { parcelOn, type Road } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { type Answer, HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { GatewayUnderTest } from './support/gateway-under-test.ts';
import { tracesOf } from './support/secrets.ts';

const REQUEST_TYPE = 'application/vnd.awala.node-registration.request';

describe('The log, at its most talkative', () => {
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  let road: Road;
  const secrets: Record<string, Uint8Array> = {};

  before(async () => {
    gateway = await GatewayUnderTest.start();
    client = new HttpClient(gateway.poweb);
    road = await gateway.road();
    await register();
    await deliverAndCollect();
    await failAtEverything();
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  async function register(): Promise<void> {
    const phone = identity('new phone');
    const headers = { 'content-type': 'text/plain' };
    const preRegistration = { headers, body: preRegistrationBody(phone) };
    const { body: authorization } = await client.post('/v1/pre-registrations', preRegistration);
    const request = { publicKey: phone.spki, authorization };
    const body = await serialiseRegistrationRequest(request, phone.sign);
    const posting = { headers: { 'content-type': REQUEST_TYPE }, body };
    const registration = await client.post('/v1/nodes', posting);
    const { peerCertificate, sessionKey } = parseRegistration(registration.body);
    secrets['authorization to register'] = authorization;
    secrets['request to register'] = body;
    secrets.certificate = peerCertificate.der;
    secrets['session key'] = sessionKey?.publicKey ?? authorization;
  }

  async function deliver(parcel: Uint8Array, signature: Uint8Array): Promise<Answer> {
    const authorization = `Awala-Countersignature ${Buffer.from(signature).toString('base64')}`;
    const headers = { 'content-type': PARCEL_TYPE, authorization };
    return client.post('/v1/parcels', { headers, body: parcel });
  }

  async function deliverAndCollect(): Promise<void> {
    const payload = randomBytes(1_000);
    const parcel = parcelOn(road, { payload });
    const countersignature = await signDetached(parcel, 'parcel-delivery', road.phone);
    assert.equal((await deliver(parcel, countersignature)).status, 202);
    using collector = new Collector(gateway.poweb, {
      headers: { 'x-awala-streaming-mode': 'close-upon-completion' },
    });
    const nonce = await collector.challenge();
    const handshake = await signNonce(nonce, road.phone);
    collector.respond([handshake]);
    collector.acknowledge(await collector.next());
    assert.equal((await collector.closed).code, 1000);
    Object.assign(secrets, { payload, countersignature, nonce, handshake });
  }

  async function failAtEverything(): Promise<void> {
    const content = randomBytes(1_000);
    const malformed = Buffer.concat([parcelOn(road).subarray(0, 50), content]);
    const signature = await signDetached(malformed, 'parcel-delivery', road.phone);
    assert.equal((await deliver(malformed, signature)).status, 422);
    assert.equal((await deliver(malformed, signature.subarray(1))).status, 401);
    assert.equal((await deliver(content, signature)).status, 403);
    const headers = { 'content-type': REQUEST_TYPE };
    assert.equal((await client.post('/v1/nodes', { headers, body: malformed })).status, 400);
    using collector = new Collector(gateway.poweb);
    await collector.challenge();
    collector.socket.send(content);
    assert.equal((await collector.closed).code, 1003);
    Object.assign(secrets, { 'refused content': content, 'refused signature': signature });
  }

  it('tells who did what', () => {
    const log = gateway.logged.join('');
    assert.ok(log.includes(road.phone.nodeId));
    assert.ok(log.includes(identity('new phone').nodeId));
  });

  it('has nothing of what peers sent, nor of what proves who they are', () => {
    const log = gateway.logged.join('');
    for (const [what, octets] of Object.entries(secrets)) {
      for (const trace of tracesOf(octets)) {
        assert.ok(!log.includes(trace), `${what} as ${trace}`);
      }
    }
  });

  it('has nothing of private keys', () => {
    const log = gateway.logged.join('');
    for (const { privateKey } of [gateway.us, road.phone]) {
      const { d = '' } = privateKey.export({ format: 'jwk' });
      for (const trace of tracesOf(Buffer.from(d, 'base64url'))) {
        assert.ok(!log.includes(trace));
      }
    }
    assert.doesNotMatch(log, /PRIVATE KEY/);
  });
});
