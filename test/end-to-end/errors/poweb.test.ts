import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, afterEach, before, describe, it } from 'node:test';
import type { FaultCode } from '#awala/errors.ts';
import { MAX_MESSAGE_OCTETS } from '#awala/limits.ts';
import { serialiseAuthorization } from '#awala/registration/authorization.ts';
import { serialiseRegistrationRequest } from '#awala/registration/request.ts';
import type { BackingCode } from '#backing/errors.ts';
import { ClockPlausibility } from '#clock/clock-plausibility.ts';
import { ManualClock } from '#clock/manual-clock.ts';
import type { HTTP_ANSWERS } from '#runtime/http/answers.ts';
import {
  DEAUTHORISATION_ANSWERS,
  PARCEL_ANSWERS,
  REGISTRATION_ANSWERS,
} from '#services/poweb/answers.ts';
import {
  countersign,
  type Identity,
  identity,
  newIdentity,
  type Peer,
  preRegistrationBody,
} from '#test/builders/peers.ts';
import { parcelOn, type Road, secondsFrom } from '#test/builders/road.ts';
import { type Answer, HttpClient, PARCEL_TYPE } from '#test/peers/http-client.ts';
import { FaultyStore } from '../support/faulty-store.ts';
import { GatewayUnderTest, START } from '../support/gateway-under-test.ts';
import { invalidParcels } from '../support/invalid-parcels.ts';
import { Operator } from '../support/operator.ts';
import type { RefusedMessage } from '../support/refused-message.ts';
import { deauthorisationOn, withdraw } from '../support/withdrawing.ts';
import { telling } from './told-by-log.ts';

/** `libs/runtime/http/answers.test.ts` sees to what all HTTP servers answer. */
type Own<Answers> = Exclude<keyof Answers, keyof typeof HTTP_ANSWERS>;
type Provocations<Code extends string> = Readonly<Record<Code, () => Promise<Answer>>>;

describe('PoWeb: each error that has an answer', () => {
  const store = new FaultyStore();
  const clock = new ManualClock(START);
  const plausibility = new ClockPlausibility({ clock, notBefore: new Date(0) });
  const operator = new Operator(clock);
  const phone = identity('phone');
  let gateway: GatewayUnderTest;
  let client: HttpClient;
  let blocked: Peer;
  let road: Road;
  let invalid: readonly RefusedMessage[];

  before(async () => {
    gateway = await GatewayUnderTest.start(
      { objects: store.objects, records: operator.records, clock, plausibility },
      {
        PRE_REGISTRATIONS_PER_SECOND: '5',
        QUOTA_PARCELS_PER_HOUR: '2',
        QUOTA_HELD_PARCELS: '9',
        ACCEPT_WITHDRAWALS: 'true',
        REGISTRATION: 'closed',
      },
    );
    client = new HttpClient(gateway.poweb);
    blocked = (await gateway.road('blocked')).phone;
    await operator.block(blocked, { clock, policies: [gateway.running.gateway.policy] });
    road = await gateway.road();
    invalid = Object.values(await invalidParcels(road));
  });
  afterEach(() => {
    store.fault = null;
    hearOffset(0);
  });
  after(async () => {
    client[Symbol.dispose]();
    await gateway[Symbol.asyncDispose]();
  });

  function hearOffset(seconds: number): void {
    const oursMs = clock.now().getTime();
    plausibility.hear({ by: 'a witness', theirsMs: oursMs - seconds * 1_000, oursMs });
  }

  async function deliver(body: Uint8Array, authorization?: string): Promise<Answer> {
    const headers = {
      'content-type': PARCEL_TYPE,
      authorization: authorization ?? (await countersign(body, road.phone)),
    };
    return client.post('/v1/parcels', { headers, body });
  }

  function deliverInvalid(code: FaultCode): Promise<Answer> {
    const parcel = invalid.find(({ reason }) => reason === code);
    assert.ok(parcel, code);
    return deliver(parcel.octets);
  }

  function preRegister(body: string): Promise<Answer> {
    const headers = { 'content-type': 'text/plain' };
    return client.post('/v1/pre-registrations', { headers, body });
  }

  /** @param authorised - whose key the authorization is for */
  async function register(node: Identity, authorised = node, laterMs = 0): Promise<Answer> {
    const { body: authorization } = await preRegister(preRegistrationBody(authorised));
    clock.advance(laterMs);
    return registerWith(authorization, node);
  }

  async function registerWith(authorization: Uint8Array, node: Identity): Promise<Answer> {
    const parts = { publicKey: node.spki, authorization };
    const body = await serialiseRegistrationRequest(parts, node.sign);
    const headers = { 'content-type': 'application/vnd.awala.node-registration.request' };
    return client.post('/v1/nodes', { headers, body });
  }

  const deliveries: Provocations<Own<typeof PARCEL_ANSWERS> | BackingCode | 'body-too-large'> = {
    'backing-unavailable': () => {
      store.fault = 'down';
      return deliver(parcelOn(road));
    },
    'backing-full': () => {
      store.fault = 'full';
      return deliver(parcelOn(road));
    },
    'clock-in-doubt': () => {
      hearOffset(86_400);
      return deliver(parcelOn(road, { createdAt: secondsFrom(road, 7_201) }));
    },
    'over-share': async () => {
      const crowded = await gateway.road('crowded phone');
      await gateway.holdSentBy(crowded.phone, 9);
      const body = parcelOn(crowded);
      return deliver(body, await countersign(body, crowded.phone));
    },
    'over-quota': async () => {
      const eager = await gateway.road('eager phone');
      const send = async () => {
        const body = parcelOn(eager, { id: randomUUID() });
        return deliver(body, await countersign(body, eager.phone));
      };
      assert.equal((await send()).status, 202);
      assert.equal((await send()).status, 202);
      return send();
    },
    'body-too-large': () => deliver(new Uint8Array(MAX_MESSAGE_OCTETS + 1), ''),
    'countersignature-malformed': () => deliver(parcelOn(road), ''),
    'peer-blocked': async () => {
      const parcel = parcelOn(road);
      return deliver(parcel, await countersign(parcel, blocked));
    },
    'countersignature-invalid': async () =>
      deliver(parcelOn(road), await countersign(parcelOn(road, { id: 'other' }), road.phone)),
    malformed: () => deliver(Buffer.from('hello')),
    signature: () => deliverInvalid('signature'),
    algorithm: () => deliverInvalid('algorithm'),
    expired: () => deliverInvalid('expired'),
    'not-yet-valid': () => deliverInvalid('not-yet-valid'),
    certificate: () => deliverInvalid('certificate'),
    'untrusted-path': () => deliverInvalid('untrusted-path'),
    'wrong-recipient': () => deliverInvalid('wrong-recipient'),
    withdrawn: async () => {
      const careful = await gateway.road('careful phone');
      assert.equal((await withdraw(gateway, careful, deauthorisationOn(careful))).status, 202);
      return deliver(parcelOn(careful));
    },
  };

  const deauthorisations: Provocations<Own<typeof DEAUTHORISATION_ANSWERS>> = {
    'countersignature-malformed': () => withdraw(gateway, road, deauthorisationOn(road), null),
    'countersignature-invalid': () =>
      withdraw(gateway, road, deauthorisationOn(road), road.recipient),
    'peer-blocked': () => withdraw(gateway, road, deauthorisationOn(road), blocked),
    'over-quota': async () => {
      const eager = await gateway.road('withdrawing phone');
      const send = () => withdraw(gateway, eager, deauthorisationOn(eager));
      assert.equal((await send()).status, 202);
      assert.equal((await send()).status, 202);
      return send();
    },
    malformed: () => withdraw(gateway, road, Buffer.from('hello')),
    expired: () => withdraw(gateway, road, deauthorisationOn(road, { expiresAt: road.now })),
    'not-yet-valid': () => {
      const createdAt = secondsFrom({ ...road, now: clock.now() }, 7_201);
      return withdraw(gateway, road, deauthorisationOn(road, { createdAt }));
    },
  };

  const registrations: Provocations<Own<typeof REGISTRATION_ANSWERS>> = {
    malformed: () => preRegister('x'.repeat(64)),
    signature: async () => {
      const gatewayData = Buffer.from(preRegistrationBody(phone), 'hex');
      const expiresAt = secondsFrom({ ...road, now: clock.now() }, 5);
      const stranger = identity('stranger');
      return registerWith(
        await serialiseAuthorization({ expiresAt, gatewayData }, stranger.sign),
        phone,
      );
    },
    algorithm: () => register(newIdentity(1_024)),
    expired: () => register(phone, phone, 9_000),
    'wrong-key': () => register(phone, identity('another phone')),
    'peer-blocked': () => register(blocked),
    'not-invited': () => register(identity('newcomer')),
    'registrations-full': async () => {
      const answers = Array.from({ length: 12 }, () => preRegister(preRegistrationBody(phone)));
      const refused = (await Promise.all(answers)).find(({ status }) => status >= 500);
      clock.advance(60_000);
      assert.ok(refused);
      return refused;
    },
  };

  for (const [code, provoke] of Object.entries(deliveries)) {
    const answer = PARCEL_ANSWERS[code as keyof typeof deliveries];
    it(`POST /v1/parcels, ${code}: ${answer.status}`, async () => {
      await assertAnswered(code, answer, provoke);
    });
  }

  for (const [code, provoke] of Object.entries(deauthorisations)) {
    const answer = DEAUTHORISATION_ANSWERS[code as keyof typeof deauthorisations];
    it(`withdrawing, ${code}: ${answer.status}`, async () => {
      await assertAnswered(code, answer, provoke);
    });
  }

  for (const [code, provoke] of Object.entries(registrations)) {
    const answer = REGISTRATION_ANSWERS[code as keyof typeof registrations];
    it(`registration, ${code}: ${answer.status}`, async () => {
      await assertAnswered(code, answer, provoke);
    });
  }

  async function assertAnswered(
    code: string,
    { status, headers = {} }: { status: number; headers?: Readonly<Record<string, string>> },
    provoke: () => Promise<Answer>,
  ): Promise<void> {
    const answer = await telling(code, gateway.logged, provoke);
    assert.equal(answer.status, status);
    for (const [name, value] of Object.entries(headers)) {
      assert.equal(answer.headers[name.toLowerCase()], value);
    }
  }
});
