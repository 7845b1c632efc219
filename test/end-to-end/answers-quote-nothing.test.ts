import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { assertOwnWords } from '#test/builders/own-words.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { CourieredGateway } from './cargo/couriered-gateway.ts';
import { damagedMessages, invalidMessages } from './cargo/invalid-messages.ts';
import { invalidParcels } from './support/invalid-parcels.ts';
import { malformedParcels } from './support/malformed-parcels.ts';
import { octetsOf } from './support/refused-message.ts';

describe('An answer says what is wrong with a message, and quotes nothing of it', () => {
  let couriered: CourieredGateway;

  before(async () => {
    couriered = await CourieredGateway.start();
  });
  after(() => couriered[Symbol.asyncDispose]());

  async function parcels(): Promise<Uint8Array[]> {
    const { road } = couriered;
    const all = { ...malformedParcels(road), ...octetsOf(await invalidParcels(road)) };
    return Object.values(all);
  }

  async function post(
    client: HttpClient,
    path: string,
    headers: Record<string, string>,
    body: Uint8Array | string,
  ): Promise<void> {
    const answer = await client.post(path, { headers, body });
    assert.ok(answer.status >= 400 && answer.status < 500, `${path}: ${answer.status}`);
    assertOwnWords(answer.body.toString());
  }

  it('to phones that deliver parcels', async () => {
    using client = new HttpClient(couriered.gateway.poweb);
    for (const parcel of await parcels()) {
      const { headers } = await postingOf(parcel, couriered.road.phone);
      await post(client, '/v1/parcels', headers, parcel);
    }
  });

  it('to phones that register', async () => {
    using client = new HttpClient(couriered.gateway.poweb);
    const type = 'application/vnd.awala.node-registration.request';
    for (let octets = 0; octets < 100; octets++) {
      await post(client, '/v1/nodes', { 'content-type': type }, randomBytes(octets));
    }
    const digest = randomBytes(32).toString('hex').slice(1);
    await post(client, '/v1/pre-registrations', { 'content-type': 'text/plain' }, digest);
  });

  it('to Internet apps that post parcels', async () => {
    using client = new HttpClient(couriered.gateway.pohttp);
    for (const parcel of await parcels()) {
      await post(client, '/', { 'content-type': PARCEL_TYPE }, parcel);
    }
  });

  it('to whoever asks for a path that is none', async () => {
    using client = new HttpClient(couriered.gateway.poweb);
    for (const path of ['/%E0%A4%A', '/12345', '/v1/parcels/4711']) {
      await post(client, path, { 'content-type': 'text/plain' }, '4711');
    }
  });

  it('to couriers that collect', async () => {
    const invalid = octetsOf(await invalidMessages(couriered, 'cca'));
    const ccas = { ...octetsOf(damagedMessages(couriered, 'cca')), ...invalid };
    for (const cca of Object.values(ccas)) {
      const { details } = await couriered.collect(cca);
      assertOwnWords(details);
    }
  });
});
