import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { status } from '@grpc/grpc-js';
import { ManualClock } from '#clock/manual-clock.ts';
import { craftMessage, type MessageTemplate } from '#test/builders/crafted-messages.ts';
import type { Peer } from '#test/builders/peers.ts';
import { certified, parcelOn, type Road } from '#test/builders/road.ts';
import { Collector } from '#test/peers/collector.ts';
import { HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { postingOf } from '#test/peers/phone.ts';
import { START } from '../support/gateway-under-test.ts';
import { deauthorisationOn, withdraw } from '../support/withdrawing.ts';
import { CourieredGateway } from './couriered-gateway.ts';

const CLOSING = { headers: { 'x-awala-streaming-mode': 'close-upon-completion' } };
/** After this, a revocation holds everywhere. */
const EVERYWHERE_MS = 10_000;

describe('a phone that revokes its certificate', () => {
  let clock: ManualClock;
  let couriered: CourieredGateway;
  let road: Road;
  /** The same phone with another certificate of ours. */
  let renewed: Peer;

  beforeEach(async () => {
    clock = new ManualClock(START);
    couriered = await CourieredGateway.start({ clock }, { ACCEPT_WITHDRAWALS: 'true' });
    road = couriered.road;
    renewed = certified(road, road.phone, road.us, { isCa: true, pathLength: 1 });
  });
  afterEach(() => couriered[Symbol.asyncDispose]());

  /** Revokes the certificate of the road's phone, but for what the template says. */
  const revocation = (template: Partial<MessageTemplate> = {}) =>
    craftMessage({
      typeOctet: 0x11,
      sender: road.phone,
      recipient: road.us.nodeId,
      createdAt: clock.now(),
      payload: new Uint8Array(),
      ...template,
    });

  /** @returns what is counted until a cargo of the phone, under its new certificate, is unpacked */
  async function bring(
    messages: readonly Uint8Array[],
    sender = renewed,
  ): Promise<Record<string, number>> {
    const counted = await couriered.counting(async () => {
      await couriered.deliver(couriered.cargo(messages, { sender, id: randomUUID() }));
      await couriered.unpacked();
    });
    clock.advance(EVERYWHERE_MS);
    return counted;
  }

  async function byPoweb(phone: Peer): Promise<number> {
    using client = new HttpClient(couriered.gateway.poweb);
    const other = await couriered.gateway.road('another phone');
    return (await client.post('/v1/parcels', await postingOf(parcelOn(other), phone))).status;
  }

  async function byPohttp(along: Road): Promise<number> {
    using client = new HttpClient(couriered.gateway.pohttp);
    const posting = { headers: { 'content-type': PARCEL_TYPE }, body: parcelOn(along) };
    return (await client.post('/', posting)).status;
  }

  async function closedWith(phone: Peer): Promise<number> {
    using collector = await Collector.open(couriered.gateway.poweb, [phone], CLOSING);
    return (await collector.closed).code;
  }

  /** The road over the phone's new certificate. */
  function renewedRoad(): Road {
    const recipient = certified(road, road.recipient, renewed, { isCa: true });
    const sender = certified(road, road.sender, recipient);
    return { ...road, phone: renewed, recipient, sender };
  }

  it('is refused under it on every road, and served under its new one', async () => {
    assert.equal(await byPoweb(road.phone), 202);
    const counted = await bring([revocation()]);
    assert.deepEqual(
      Object.keys(counted).filter((name) => name.includes('Refused')),
      [],
    );

    assert.equal(await byPoweb(road.phone), 403);
    const again = await withdraw(couriered.gateway, road, deauthorisationOn(road));
    assert.equal(again.status, 403);
    assert.equal(await byPohttp(road), 403);
    assert.equal(await closedWith(road.phone), 1003);
    const refused = await bring([], road.phone);
    assert.equal(refused['cargoRefused certificate'], 1);
    const { code } = await couriered.collect(couriered.craft('cca'));
    assert.equal(code, status.UNAUTHENTICATED);

    assert.equal(await byPoweb(renewed), 202);
    assert.equal(await byPohttp(renewedRoad()), 202);
    const cca = couriered.craft('cca', { sender: renewed, id: randomUUID() });
    assert.equal((await couriered.collect(cca)).code, status.OK);
    using collector = await Collector.open(couriered.gateway.poweb, [renewed], CLOSING);
    collector.acknowledge(await collector.next());
    assert.equal((await collector.closed).code, 1000);
  });

  it('may do so in a cargo under that very certificate, whose parcels are accepted', async () => {
    const counted = await bring([revocation(), parcelOn(road, { id: randomUUID() })], road.phone);
    assert.equal(counted['parcelAccepted cargo gateway'], 1);
    assert.equal(await byPoweb(road.phone), 403);
  });

  it('is the only one that can', async () => {
    const attacker = await couriered.gateway.road('attacker');
    const elsewhere = certified(road, road.phone, attacker.us, { signedBy: attacker.phone });
    const counted = await bring([
      revocation({ sender: attacker.phone }),
      revocation({ sender: elsewhere }),
      revocation({ payload: Buffer.from('payload') }),
      revocation({ recipient: attacker.phone.nodeId }),
      revocation().subarray(0, -1),
    ]);
    assert.equal(
      Object.entries(counted)
        .filter(([name]) => name.startsWith('parcelRefused cargo'))
        .reduce((sum, [, count]) => sum + count, 0),
      5,
    );
    assert.equal(await byPoweb(road.phone), 202);
    assert.equal(await byPoweb(attacker.phone), 202);
  });
});
