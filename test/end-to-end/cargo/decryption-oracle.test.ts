import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { serialiseCollectionRequest } from '#awala/cargo/cca.ts';
import { messageSetDer } from '#awala/cargo/message-set.ts';
import { TAG } from '#awala/der/reader.ts';
import { encodeDer, sequence, tagged } from '#awala/der/writer.ts';
import type { SessionKey } from '#awala/sessions/session-key.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import { InMemoryRecordStore } from '#record-store/in-memory.ts';
import { recordKind } from '#record-store/port.ts';
import { cargoDeliveryAuthorization, internetGateway, type Peer } from '#test/builders/peers.ts';
import { parcelOn } from '#test/builders/road.ts';
import { authorizationOf } from '#test/peers/courier.ts';
import { START } from '../support/gateway-under-test.ts';
import { CourieredGateway } from './couriered-gateway.ts';
import { type CourieredPhone, registerCouriered } from './thieving-courier.ts';
import { changesWithin, rubbishFor, triesAt } from './tried-payloads.ts';

const HOUR_MS = 3_600_000;

/** What differs from one message to the next, whatever is in it. */
const OF_THE_MESSAGE =
  /"time":[^,]+,|cargo\/[0-9a-f/]+|[0-9a-f-]{36}|"octets":\d+,?|"(trace|cargo)":"[0-9a-f]{12}"|"request":"[^"]+",/g;

describe('Whoever signs payloads that they cannot read', () => {
  let couriered: CourieredGateway;
  let records: InMemoryRecordStore;
  let thief: CourieredPhone;
  /** Opens for anybody, so that the thief's signature is as good as the victim's. */
  let published: SessionKey;
  let answers: Map<string, string>;

  before(async () => {
    const clock = new ManualClock(START);
    records = new InMemoryRecordStore({ clock });
    couriered = await CourieredGateway.start({ clock, records });
    thief = await registerCouriered(couriered, 'thief');
    published = await couriered.gateway.running.gateway.sessionKeys.publishedKey();
  });
  beforeEach(() => {
    answers = new Map();
  });
  after(() => couriered[Symbol.asyncDispose]());

  /** Keeps what a try shows to anybody, operators included; nothing may tell one try from another. */
  async function note(what: string, attempt: () => Promise<unknown>): Promise<void> {
    const linesBefore = couriered.gateway.logged.length;
    let told: unknown;
    const counts = await couriered.counting(async () => {
      told = await attempt();
    });
    const lines = couriered.gateway.logged
      .slice(linesBefore)
      .map((line) => line.replaceAll(OF_THE_MESSAGE, ''));
    answers.set(JSON.stringify({ told, counts, lines }), what);
  }

  async function assertToldNothing(): Promise<void> {
    assert.equal(answers.size, 1, [...answers].slice(0, 5).join('\n'));
    const remembered = await records.get(recordKind('peer-session-key'), thief.peer.nodeId);
    assert.equal(remembered, null);
  }

  async function answerTo(cca: Buffer): Promise<unknown> {
    const stream = couriered.courier.collect([authorizationOf(cca)]);
    const status = new Promise((resolve) => stream.call.once('status', resolve));
    const { code, details } = await stream.ended;
    const { metadata } = (await status) as { readonly metadata: { getMap(): object } };
    const trailers = Object.entries(metadata.getMap()).filter(([name]) => name !== 'date');
    return { code, details, trailers };
  }

  async function requestFrom(issuer: Peer, subject = couriered.gateway.us, endsInMs = HOUR_MS) {
    const now = couriered.gateway.clock.now();
    const validity = {
      notBefore: new Date(now.getTime() - HOUR_MS),
      notAfter: new Date(now.getTime() + endsInMs),
    };
    const cda = await cargoDeliveryAuthorization(subject, issuer, validity);
    return serialiseCollectionRequest(cda.certificate);
  }

  async function reasonsAgainst(payload: Uint8Array): Promise<string[]> {
    await couriered.deliver(couriered.craft('cargo', { sender: thief.peer, payload }));
    await couriered.unpacked();
    const reasons = await couriered.setAside();
    await couriered.forgetSetAside();
    return reasons;
  }

  it('are given one answer to CCAs, whatever is wrong from decryption on', async () => {
    const { road } = couriered;
    const victim = await internetGateway('phone', road.validity);
    const self = await internetGateway('thief', road.validity);
    const stolen = couriered.seal(await requestFrom(victim), published);
    const own = await requestFrom(self);
    const unusable = [
      await requestFrom(victim),
      await requestFrom(self, thief.peer),
      await requestFrom(self, couriered.gateway.us, -HOUR_MS / 2),
      Buffer.from('gibberish'),
      Buffer.of(),
      own.subarray(0, -1),
      Buffer.concat([own, Buffer.of(0)]),
      encodeDer(sequence(tagged(0x80, Buffer.from('no certificate')))),
    ];
    const payloads = [
      ...triesAt(stolen),
      ...changesWithin(stolen),
      stolen,
      ...rubbishFor(published, unusable),
    ];
    assert.ok(payloads.length > 300);
    for (const [index, payload] of payloads.entries()) {
      const cca = couriered.craft('cca', { sender: thief.peer, payload });
      await note(`CCA ${index}`, () => answerTo(cca));
    }
    await assertToldNothing();
  });

  it('show operators the same of every cargo, whatever is wrong from decryption on', async () => {
    const stolen = couriered.seal(encodeDer(messageSetDer([parcelOn(couriered.road)])), published);
    const unusable = [
      Buffer.from('gibberish'),
      Buffer.of(),
      encodeDer(sequence(tagged(TAG.utf8String, Buffer.from('no message')))),
    ];
    const payloads = [...triesAt(stolen), ...rubbishFor(published, unusable)];
    assert.ok(payloads.length > 300);
    for (const [index, payload] of payloads.entries()) {
      await note(`cargo ${index}`, () => reasonsAgainst(payload));
    }
    await assertToldNothing();
    assert.deepEqual(couriered.metrics.sessionMessages, {});
  });

  it('show operators no more than that of a parcel which was changed in a cargo', async () => {
    const stolen = couriered.seal(encodeDer(messageSetDer([parcelOn(couriered.road)])), published);
    for (const [index, payload] of [...changesWithin(stolen)].entries()) {
      await note(`cargo ${index}`, () => reasonsAgainst(payload));
    }
    await assertToldNothing();
    assert.deepEqual(
      [...answers.keys()].map((answer) => JSON.parse(answer).counts),
      [{ cargoAccepted: 1, 'parcelRefused cargo untold': 1 }],
    );
  });
});
