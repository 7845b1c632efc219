import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Cargo, EnvelopedData, StreamingMode } from '@relaycorp/relaynet-core';
import { JsCourier } from '#test/peers/js/courier.ts';
import { openCargoes, parcelsIn } from '#test/peers/js/opened-cargo.ts';
import { JsPhone } from '#test/peers/js/phone.ts';
import { JsPrivateGateway } from '#test/peers/js/private-gateway.ts';
import { arrayBuffer } from '#test/peers/js/values.ts';
import { until } from '#test/runtime/until.ts';
import { type RunningGateway, startGateway } from '../support/running-gateway.ts';
import { TravellingTime } from '../support/travelling-time.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TTL_DAYS = 170;
const TTL_SECONDS = (TTL_DAYS * DAY_MS) / 1_000;

// In one process only, whose clock this one can set.
describe('cargo of the deployed library that is under way for weeks, with a whole gateway', () => {
  let time: TravellingTime;
  let gateway: RunningGateway;
  let courier: JsCourier;
  let registered: JsPhone;
  let phone: JsPrivateGateway;

  before(async () => {
    time = new TravellingTime();
    gateway = await startGateway({ clock: time, plausibility: time.plausibility });
    courier = new JsCourier(gateway.listening.cogrpc);
    registered = await JsPhone.register(gateway.listening.poweb);
    phone = await JsPrivateGateway.of(registered);
  });

  after(async () => {
    await gateway[Symbol.asyncDispose]();
    time[Symbol.dispose]();
  });

  async function makeParcel(payload: string): Promise<Buffer> {
    return Buffer.from(await registered.makeParcel(Buffer.from(payload), { ttl: TTL_SECONDS }));
  }

  function keyIdOf({ registration }: JsPhone): string {
    return registration.sessionKey?.keyId.toString('hex') ?? '';
  }

  /** What the ids of the keys begin with that those who register now are given. */
  async function epochNow(): Promise<string> {
    return keyIdOf(await JsPhone.register(gateway.listening.poweb)).slice(0, 16);
  }

  /** Resolves with the payloads of what is held, once it is so many parcels. */
  async function collectByPoweb(count: number): Promise<string[]> {
    const { mailbox } = gateway.gateway;
    const held = () => Array.fromAsync(mailbox.list(phone.nodeId));
    await until(async () => (await held()).length === count);
    const payloads: string[] = [];
    const signers = [registered.collectionSigner];
    const mode = StreamingMode.CLOSE_UPON_COMPLETION;
    for await (const collection of registered.client.collectParcels(signers, mode)) {
      const parcel = await collection.deserializeAndValidateParcel();
      payloads.push(parcel.payloadSerialized.toString());
      await collection.ack();
    }
    return payloads.sort();
  }

  it('is read although both sides changed their session keys meanwhile', async () => {
    const given = [keyIdOf(registered)];
    const epochs = [await epochNow()];
    const slow = await phone.cargoes([await makeParcel('from day 0')], TTL_DAYS);
    assert.deepEqual(await recipientKeyIds(slow), given);

    time.pass(5 * DAY_MS);
    await registered.deliver(new Uint8Array(await makeParcel('held since day 5')).buffer);
    const slowDown = await courier.collectAll(await phone.cca());
    const down = await courier.collectAll(await phone.cca());
    assert.equal((await parcelsIn(phone, down)).length, 1);
    // Under the key that came with what was just collected.
    const slower = await phone.cargoes([await makeParcel('from day 5')], TTL_DAYS);
    assert.notDeepEqual(await recipientKeyIds(slower), given);
    time.pass(DAY_MS);
    assert.equal((await parcelsIn(phone, await courier.collectAll(await phone.cca()))).length, 1);

    time.pass(6 * DAY_MS);
    // Under a key that the phone has replaced since, and collected with a CCA that is about to expire.
    assert.equal((await parcelsIn(phone, slowDown)).length, 1);

    time.pass(33 * DAY_MS);
    epochs.push(await epochNow());
    await courier.deliver(slow);
    assert.deepEqual(await collectByPoweb(2), ['from day 0', 'held since day 5']);

    time.pass(35 * DAY_MS);
    epochs.push(await epochNow());
    assert.equal(new Set(epochs).size, 3);
    const slowest = await phone.cargoes([await makeParcel('from day 80')], TTL_DAYS);
    await courier.deliver(slower);
    await courier.deliver(slowest);
    assert.deepEqual(await collectByPoweb(2), ['from day 5', 'from day 80']);
  });

  it('brings a new certificate within 90 days of the end of the old one, and that is then used', async () => {
    const before = registered.registration.privateNodeCertificate;
    const soonest = before.expiryDate.getTime() - 90 * DAY_MS;
    time.pass(soonest - HOUR_MS - time.now().getTime());
    const early = await openCargoes(phone, await courier.collectAll(await phone.cca()));
    assert.deepEqual(early.rotations, []);

    time.pass(2 * DAY_MS);
    // The gateway renews its own within a day of that age: it had nothing better to issue with before.
    await until(async () => {
      const own = await gateway.gateway.identity.currentCertificate();
      return own.notAfter > before.expiryDate;
    });
    const late = await openCargoes(phone, await courier.collectAll(await phone.cca()));
    const [rotation, ...others] = late.rotations;
    assert.ok(rotation);
    assert.equal(others.length, 0);
    const { leafCertificate, certificateAuthorities } = rotation.certificationPath;
    assert.equal(await leafCertificate.calculateSubjectId(), phone.nodeId);
    await leafCertificate.getCertificationPath([], [...certificateAuthorities]);
    assert.ok(leafCertificate.expiryDate.getTime() > time.now().getTime() + 179 * DAY_MS);

    await phone.rotate(rotation);
    const next = await openCargoes(phone, await courier.collectAll(await phone.cca()));
    assert.deepEqual(next.rotations, []);
    const anchors = await gateway.gateway.identity.trustedCertificates();
    assert.equal(anchors.length, 2);
  });
});

/** Of the keys that cargoes are encrypted for. */
function recipientKeyIds(cargoes: readonly Buffer[]): Promise<string[]> {
  return Promise.all(
    cargoes.map(async (octets) => {
      const { payloadSerialized } = await Cargo.deserialize(arrayBuffer(octets));
      const envelope = EnvelopedData.deserialize(arrayBuffer(payloadSerialized));
      return envelope.getRecipientKeyId().toString('hex');
    }),
  );
}
