import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { hostileParcels } from '#test/fuzz/hostile-messages.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { Phone, postingOf } from '#test/peers/phone.ts';
import { dataFolder, GatewayProcess } from './support/gateway-process.ts';
import { malformedParcels } from './support/malformed-parcels.ts';
import { Neighbours } from './support/neighbours.ts';
import { RawClient } from './support/raw-client.ts';

const MIB = 1024 * 1024;
/** What may stay in use: code that was compiled meanwhile, and certificates that are known by now. */
const LASTING_OCTETS = 8 * MIB;
/** Of all bodies of a server. */
const HELD_OCTETS = 128 * MIB;
const STUCK_UPLOADS = 28;

describe('The memory of a gateway that is posted to', () => {
  let folder: Awaited<ReturnType<typeof dataFolder>>;
  let gateway: GatewayProcess;
  let road: Phone;
  let neighbour: Phone;

  before(async () => {
    folder = await dataFolder();
    gateway = await GatewayProcess.start(folder.path);
    road = await Phone.register(gateway.poweb);
    neighbour = await Phone.register(gateway.poweb, 'neighbour');
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function postAll(port: number, parcels: readonly Uint8Array[]): Promise<void> {
    using client = new HttpClient(port);
    for (const parcel of parcels) {
      const { status } = await client.post('/v1/parcels', await postingOf(parcel, road.phone));
      const isTooLarge = parcel.length > MAX_MESSAGE_OCTETS;
      assert.equal(status, port === gateway.poweb ? 422 : isTooLarge ? 413 : 400);
    }
  }

  it('returns after parcels that are malformed, made to be expensive, or too large', async () => {
    const { validity, sender: subject, recipient: issuer } = road;
    const malformed = Object.values(malformedParcels(road));
    const tooLarge = new Uint8Array(MAX_MESSAGE_OCTETS + 1);
    const hostile = Object.values(hostileParcels({ ...validity, subject, issuer }));
    const nested = hostile.filter(({ length }) => length < MIB);
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: neighbour,
      serverPid: gateway.pid,
    });
    await postAll(gateway.poweb, [...malformed, tooLarge]);
    const { usedOctets } = await gateway.memory();
    await postAll(gateway.poweb, [...hostile, ...malformed, tooLarge]);
    await postAll(gateway.pohttp, [...nested, tooLarge]);
    await gateway.settlesAt(usedOctets + LASTING_OCTETS);
    await neighbours.finish();
  });

  it('returns after clients that vanish in the middle of large parcels', async () => {
    const half = new Uint8Array(4 * MIB);
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: neighbour,
      serverPid: gateway.pid,
    });
    const { usedOctets } = await gateway.memory();
    for (let upload = 0; upload < STUCK_UPLOADS / 4; upload++) {
      using sending = await RawClient.connect(gateway.poweb);
      await sending.begin('/v1/parcels', { 'content-type': PARCEL_TYPE }, 2 * half.length);
      await sending.write(half);
      sending.vanish();
    }
    await gateway.settlesAt(usedOctets + LASTING_OCTETS);
    await neighbours.finish();
  });

  it('is bounded, however much is being sent at once: 503', async () => {
    const before = await gateway.memory();
    const uploads = await Promise.all(
      Array.from({ length: STUCK_UPLOADS }, () => RawClient.connect(gateway.poweb)),
    );
    const most = new Uint8Array(8 * MIB - 1);
    const answers = uploads.map(async (sending) => {
      await sending.begin('/v1/parcels', { 'content-type': PARCEL_TYPE }, most.length + 1);
      await sending.write(most);
    });
    await Promise.all(answers);
    const during = await gateway.memory();
    const added = during.usedOctets - before.usedOctets;
    assert.ok(added < HELD_OCTETS + LASTING_OCTETS, JSON.stringify({ before, during }));
    for (const sending of uploads) {
      sending.vanish();
    }
    using neighbours = await Neighbours.begin({
      port: gateway.poweb,
      road: neighbour,
      serverPid: gateway.pid,
    });
    await neighbours.finish();
    await gateway.settlesAt(before.usedOctets + LASTING_OCTETS);
  });
});
